// Parses addresses by odata-v4-parser and tells the values in each, as [type, as written, text without its quotes]; null
// stands for what it refuses.
'use strict';

const fs = require('node:fs');
const { Literal } = require('odata-v4-literal');
const { odataUri } = require('odata-v4-parser');

const VALUES = new Set(['Literal', 'KeyPropertyValue']);

function* values(node) {
  if (Array.isArray(node)) for (const each of node) yield* values(each);
  else if (node && VALUES.has(node.type)) {
    yield [node.value, node.raw, node.value === 'Edm.String' ? Literal.convert(node.value, node.raw) : node.raw];
  } else if (node && typeof node === 'object') for (const each of Object.values(node)) yield* values(each);
}

function judged(address) {
  try {
    return [...values(odataUri(address))];
  } catch {
    return null;
  }
}

const { addresses } = JSON.parse(fs.readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify({ value: addresses.map(judged) }));
