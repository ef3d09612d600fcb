// Runs the user event script with stand-ins for NetSuite's modules, once for each event, and prints what it did.
'use strict';

const fs = require('node:fs');
const nodeCrypto = require('node:crypto');

const { script, secrets, parameters, account, events, answers } = JSON.parse(fs.readFileSync(0, 'utf8'));
const did = { posted: [], logged: [], cached: {} };

const refused = (name, message) => Object.assign(new Error(message), { name });

const modules = {
  // https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4642573343.html
  'N/cache': {
    Scope: { PRIVATE: 'PRIVATE', PROTECTED: 'PROTECTED', PUBLIC: 'PUBLIC' },
    getCache: () => ({
      get: ({ key }) => did.cached[key]?.value ?? null,
      put: ({ key, value, ttl }) => {
        if (ttl < 300) throw refused('INVALID_TTL', 'the least is 300');
        did.cached[key] = { value, ttl };
      },
    }),
  },
  // https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4358653390.html
  'N/crypto': {
    HashAlg: { SHA256: 'SHA256' },
    createSecretKey: ({ secret, encoding }) => {
      if (encoding !== 'UTF_8' || !(secret in secrets)) throw refused('INVALID_SECRET', 'no such secret');
      return { secret };
    },
    createHmac: ({ algorithm, key }) => {
      const hmac = nodeCrypto.createHmac(algorithm.toLowerCase(), secrets[key.secret]);
      return {
        update: ({ input }) => void hmac.update(input, 'utf8'),
        // which letters the digits above nine have is not documented
        digest: ({ outputEncoding }) => hmac.digest(outputEncoding.toLowerCase()).toUpperCase(),
      };
    },
  },
  'N/encode': { Encoding: { UTF_8: 'UTF_8', HEX: 'HEX' } },
  // https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4567630582.html
  'N/https': {
    post: (request) => {
      did.posted.push(request);
      const answer = answers[Math.min(did.posted.length, answers.length) - 1];
      if (answer.error) throw refused(answer.error, 'the host you requested is unknown or cannot be found');
      return { headers: {}, body: '', ...answer };
    },
  },
  'N/log': { error: (entry) => did.logged.push(entry) },
  'N/runtime': {
    accountId: account,
    getCurrentScript: () => ({ getParameter: ({ name }) => parameters[name] ?? null }),
  },
};

const TYPES = ['APPROVE', 'CREATE', 'DELETE', 'EDIT', 'XEDIT'];
const UserEventType = Object.freeze(Object.fromEntries(TYPES.map((name) => [name, name.toLowerCase()])));

// An object whose values are read one by one, as N/record gives it.
function recordOf(state) {
  if (!state) return null;
  const values = { ...state.values };
  if (values.lastmodifieddate) values.lastmodifieddate = new Date(values.lastmodifieddate);
  return Object.freeze({ type: state.type, id: state.id, getValue: ({ fieldId }) => values[fieldId] ?? '' });
}

let entry;
const define = (names, make) => {
  entry = make(...names.map((name) => modules[name]));
};
new Function('define', 'require', 'process', 'globalThis', fs.readFileSync(script, 'utf8'))(define);
const thrown = [];
for (const event of events) {
  try {
    entry.afterSubmit(Object.freeze({
      type: event.type,
      newRecord: recordOf(event.newRecord),
      oldRecord: recordOf(event.oldRecord),
      UserEventType,
    }));
  } catch (error) {
    thrown.push(String(error));
  }
}
process.stdout.write(JSON.stringify({ value: { ...did, thrown } }));
