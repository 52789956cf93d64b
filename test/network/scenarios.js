'use strict';

// What the relay does to packets, by the names of its options, and the figures in which it has to show: a scenario whose
// network behaved well has tested nothing. In the long form there are many more packets: an outage costs a connection that
// meets it seconds, so there it comes once in more of them, and lasts longer.

const SCENARIOS = {
  'nothing goes wrong': { plan: {}, shows: [] },
  loss: { plan: { loss: 30 }, shows: ['lost'] },
  delay: { plan: { delay: 15, jitter: 10 }, shows: ['delayed'] },
  reordering: { plan: { reordering: 150 }, shows: ['reordered'] },
  duplication: { plan: { duplication: 150 }, shows: ['duplicated'] },
  corruption: { plan: { corruption: 30 }, shows: ['corrupted'] },
  'small packets': { plan: { mtu: 576 }, shows: [] },
  outages: {
    plan: { 'outage-every': 2_500, outage: 500 },
    long: { 'outage-every': 20_000, outage: 1_000 },
    shows: ['outages', 'lostInOutages'],
  },
  'all of it': {
    plan: {
      ...{ loss: 10, delay: 5, jitter: 5, reordering: 50, duplication: 50, corruption: 10, mtu: 576 },
      ...{ 'outage-every': 8_000, outage: 400 },
    },
    long: { 'outage-every': 60_000, outage: 1_000 },
    shows: ['lost', 'delayed', 'reordered', 'duplicated', 'corrupted', 'outages', 'lostInOutages'],
  },
};

/** No network does this: contents that are changed under a checksum that holds. It has to be found. */
const FORGERY = { plan: { forgery: 300 }, shows: ['forged'] };

module.exports = { SCENARIOS, FORGERY };
