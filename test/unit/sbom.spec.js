'use strict';
// A release's bill of materials has each dependency of the package, and nothing else.

const assert = require('node:assert/strict');

const MANIFEST = { name: 'a', version: '1.2.3', license: 'MIT', dependencies: { b: '^1.0.0' } };
const component = (name, version) => ({
  name,
  version,
  purl: `pkg:npm/${name}@${version}`,
  licenses: [{ license: { id: 'MIT' } }],
});
const bill = (...components) => ({ metadata: { component: component('a', '1.2.3') }, components });

describe('bill of materials', () => {
  let faultsIn;
  before(async () => {
    ({ faultsIn } = await import('../../scripts/sbom.mjs'));
  });
  const faults = (one) => [...faultsIn(one, MANIFEST)];

  it('has what the manifest depends on', () => {
    assert.deepEqual(faults(bill(component('b', '1.4.0'))), []);
  });

  it('lacks nothing, and has nothing else', () => {
    assert.deepEqual(faults(bill()), ['it lacks b']);
    const { licenses: _licenses, ...unlicensed } = component('b', '1.4.0');
    assert.deepEqual(faults(bill(unlicensed)), ['it lacks the version or licence of b']);
    const more = [component('b', '1.4.0'), component('mocha', '12.0.3')];
    assert.deepEqual(faults(bill(...more)), ['it has mocha, which is no dependency']);
  });

  it('is of this package', () => {
    const other = { metadata: { component: component('c', '1.2.3') }, components: [component('b', '1.4.0')] };
    assert.deepEqual(faults(other), ['it is of pkg:npm/c@1.2.3', 'it calls the package c']);
  });
});
