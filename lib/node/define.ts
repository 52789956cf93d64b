// Object.defineProperty() reads descriptors with what they inherit: a program that has put `get` or `value` on
// Object.prototype would otherwise break every one of them.

export function define(object: object, key: PropertyKey, descriptor: PropertyDescriptor): void {
  Object.defineProperty(object, key, { __proto__: null, ...descriptor } as PropertyDescriptor);
}

export function defineAll(object: object, descriptors: PropertyDescriptorMap): void {
  for (const key of Reflect.ownKeys(descriptors))
    define(object, key, descriptors[key as string] as PropertyDescriptor);
}
