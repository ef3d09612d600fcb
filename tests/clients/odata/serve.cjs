// Serves orders by odata-v4-server over SQLite, which odata-v4-sql asks. Ends when its input does.
// The first line of its input is {"orders": […]}, the first of its output the port.
'use strict';

const readline = require('node:readline');
const { DatabaseSync } = require('node:sqlite');
const { Edm, HttpRequestError, ODataController, ODataServer, odata } = require('odata-v4-server');
const { createQuery } = require('odata-v4-sql');

const PATH = '/api';
const COLUMNS = {
  id: [Edm.Key, Edm.Guid],
  number: [Edm.String],
  orderDate: [Edm.Date],
  customerName: [Edm.String],
  totalAmountIncludingTax: [Edm.Decimal],
  lastModifiedDateTime: [Edm.DateTimeOffset],
};
const NAMES = Object.keys(COLUMNS);

class SalesOrder {}
for (const name of NAMES) {
  for (const mark of COLUMNS[name]) mark(SalesOrder.prototype, name);
}

// SQLite has no type for a moment: all are texts of one form, whose order is that of time.
const stored = (value) => (value instanceof Date ? value.toISOString() : value);

function filled(orders) {
  const db = new DatabaseSync(':memory:');
  db.exec(`CREATE TABLE orders (${NAMES.join(', ')})`);
  const insert = db.prepare(`INSERT INTO orders VALUES (${NAMES.map(() => '?').join(', ')})`);
  for (const order of orders) {
    const moment = new Date(order.lastModifiedDateTime);
    insert.run(...NAMES.map((name) => (name === 'lastModifiedDateTime' ? stored(moment) : order[name])));
  }
  return db;
}

// The server hands each option over twice, first as it re-wrote it and then as it was asked.
function once(query) {
  return { ...query, value: { options: [...new Map(query.value.options.map((each) => [each.type, each])).values()] } };
}

function created(db) {
  class SalesOrders extends ODataController {
    find(query) {
      const asked = createQuery(query ? once(query) : '');
      // the server itself leaves out what was not selected, and needs the key for the address of a row
      asked.select = '*';
      const rows = db.prepare(asked.from('orders')).all(...[...asked.parameters.values()].map(stored));
      return rows.map((row) => Object.assign(new SalesOrder(), row));
    }

    one(id) {
      const row = db.prepare('SELECT * FROM orders WHERE id = ?').get(id);
      if (!row) throw new HttpRequestError(404, 'There is no such order.');
      return Object.assign(new SalesOrder(), row);
    }
  }
  const [find, one] = ['find', 'one'].map((name) => Object.getOwnPropertyDescriptor(SalesOrders.prototype, name));
  odata.GET(SalesOrders.prototype, 'find', find);
  odata.query(SalesOrders.prototype, 'find', 0);
  odata.GET(SalesOrders.prototype, 'one', one);
  odata.key(SalesOrders.prototype, 'one', 0);
  class Service extends ODataServer {}
  odata.controller(SalesOrders, 'salesOrders', SalesOrder)(Service);
  return Service;
}

readline.createInterface({ input: process.stdin }).once('line', (line) => {
  const { orders } = JSON.parse(line);
  const listening = created(filled(orders)).create(PATH, 0, '127.0.0.1');
  listening.on('listening', () => process.stdout.write(`${listening.address().port}\n`));
  process.stdin.on('end', () => process.exit(0));
});
