// Serves a company and its orders by odata-v4-server over SQLite, which odata-v4-sql asks. Ends when its input does.
// The first line of its input is {"path", "company": {id, name}, "orders": […]}, the first of its output the port.
'use strict';

const readline = require('node:readline');
const { DatabaseSync } = require('node:sqlite');
const { Edm, HttpRequestError, ODataController, ODataServer, odata } = require('odata-v4-server');
const { createQuery } = require('odata-v4-sql');

const COLUMNS = {
  id: [Edm.Key, Edm.Guid],
  number: [Edm.String],
  orderDate: [Edm.Date],
  customerName: [Edm.String],
  currencyCode: [Edm.String],
  totalAmountIncludingTax: [Edm.Decimal],
  lastModifiedDateTime: [Edm.DateTimeOffset],
};
const NAMES = Object.keys(COLUMNS);

// A class gives the entity type its name: these are Business Central's.
const SalesOrder = class salesOrder {};
const Company = class company {};

function described(type, columns) {
  for (const [name, marks] of Object.entries(columns)) {
    for (const mark of marks) mark(type.prototype, name);
  }
}

described(SalesOrder, COLUMNS);
described(Company, {
  id: [Edm.Key, Edm.Guid],
  name: [Edm.String],
  displayName: [Edm.String],
  salesOrders: [Edm.Collection(Edm.EntityType(SalesOrder))],
});

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

function select(db, query) {
  const asked = createQuery(query ? once(query) : '');
  // the server itself leaves out what was not selected, and needs the key for the address of a row
  asked.select = '*';
  const rows = db.prepare(asked.from('orders')).all(...[...asked.parameters.values()].map(stored));
  return rows.map((row) => Object.assign(new SalesOrder(), row));
}

function found(row, type) {
  if (!row) throw new HttpRequestError(404, 'There is no such record.');
  return Object.assign(new type(), row);
}

// What decorators would say in TypeScript.
function served(controller, method, parameters, property) {
  const { prototype } = controller;
  (property ? odata.GET(property) : odata.GET)(prototype, method, Object.getOwnPropertyDescriptor(prototype, method));
  parameters.forEach((mark, place) => mark(prototype, method, place));
}

function created(db, company) {
  class SalesOrders extends ODataController {
    find(query) {
      return select(db, query);
    }

    one(id) {
      return found(db.prepare('SELECT * FROM orders WHERE id = ?').get(id), SalesOrder);
    }
  }
  class Companies extends ODataController {
    find() {
      return [found(company, Company)];
    }

    one(id) {
      return found(id === company.id && company, Company);
    }

    orders(_company, query) {
      return select(db, query);
    }
  }
  class Service extends ODataServer {}
  served(SalesOrders, 'find', [odata.query]);
  served(SalesOrders, 'one', [odata.key]);
  served(Companies, 'find', []);
  served(Companies, 'one', [odata.key]);
  served(Companies, 'orders', [odata.result, odata.query], 'salesOrders');
  odata.controller(SalesOrders, 'salesOrders', SalesOrder)(Service);
  odata.controller(Companies, 'companies', Company)(Service);
  return Service;
}

readline.createInterface({ input: process.stdin }).once('line', (line) => {
  const { path, company, orders } = JSON.parse(line);
  const listening = created(filled(orders), company).create(path, 0, '127.0.0.1');
  listening.on('listening', () => process.stdout.write(`${listening.address().port}\n`));
  process.stdin.on('end', () => process.exit(0));
});
