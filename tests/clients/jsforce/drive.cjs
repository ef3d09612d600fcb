// Runs one piece of JavaScript with a jsforce connection and prints, as JSON, what it returned or threw.
'use strict';

const fs = require('node:fs');
const jsforce = require('jsforce');

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;

function told(error) {
  const { name, message, errorCode, data } = error;
  return { name, message, errorCode, data };
}

async function main() {
  const { facts, token, code, given } = JSON.parse(fs.readFileSync(0, 'utf8'));
  const conn = new jsforce.Connection({ instanceUrl: facts.base_url, accessToken: token, version: '59.0' });
  const thrown = async (act) => {
    try {
      return { returned: await act() };
    } catch (error) {
      return told(error);
    }
  };
  try {
    const value = await new AsyncFunction('jsforce', 'conn', 'facts', 'given', 'thrown', code)(jsforce, conn, facts, given, thrown);
    return { value: value === undefined ? null : value };
  } catch (error) {
    return { error: told(error) };
  }
}

main().then((outcome) => process.stdout.write(JSON.stringify(outcome)));
