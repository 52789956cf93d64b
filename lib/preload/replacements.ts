// Properties of Node's own modules that are replaced while the port is installed, and put back afterwards.
import { define } from '../node/define.js';

export class Replacements {
  private readonly restores: (() => void)[] = [];

  /** Replaces a value; enumerable as before, so that whoever copies the module copies ours. */
  value(object: object, key: PropertyKey, value: unknown): void {
    const enumerable = Object.getOwnPropertyDescriptor(object, key)?.enumerable ?? true;
    this.property(object, key, { value, enumerable, writable: true, configurable: true });
  }

  property(object: object, key: PropertyKey, descriptor: PropertyDescriptor): void {
    const before = Object.getOwnPropertyDescriptor(object, key);
    define(object, key, descriptor);
    this.restores.push(() => {
      if (before === undefined) Reflect.deleteProperty(object, key);
      else define(object, key, before);
    });
  }

  /** Replaces the object that another one inherits from. */
  prototype(object: object, value: object): void {
    const before = Object.getPrototypeOf(object) as object | null;
    Object.setPrototypeOf(object, value);
    this.restores.push(() => Object.setPrototypeOf(object, before));
  }

  /** What else is to be done when everything is put back. */
  undo(call: () => void): void {
    this.restores.push(call);
  }

  restore(): void {
    for (const restore of this.restores.splice(0).reverse()) restore();
  }
}

/** Gives a function that stands for one of Node's the name, length and properties that it has there. */
export function like<F extends object>(original: object, replacement: F): F {
  for (const key of Reflect.ownKeys(original)) {
    if (key === 'prototype') continue;
    const descriptor = Object.getOwnPropertyDescriptor(original, key) as PropertyDescriptor;
    define(replacement, key, { ...descriptor, configurable: true });
  }
  return replacement;
}
