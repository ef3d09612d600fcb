// Looks the vendor's names up on this machine, as a line in /etc/hosts would, port included.
'use strict';

const tls = require('node:tls');

const names = process.env.VENDOR_NAMES.split(' ');
const connect = tls.connect;

tls.connect = (options, ...rest) => {
  const host = options.host;
  if (!names.includes(host)) {
    return connect(options, ...rest);
  }
  // the certificate is still checked against the vendor's name
  const here = { ...options, host: '127.0.0.1', port: Number(process.env.VENDOR_PORT), servername: host };
  return connect(here, ...rest);
};
