// SPDX-License-Identifier: BSL-1.0
'use strict';

// A client and an agent as the Node packages make them (PROTOCOL.md, 3), on Node's own http: the
// client asks the warehouse, and the master follows the agent. The folder for the database is the
// argument.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const crypto = require('node:crypto');
const { once } = require('node:events');
const http = require('node:http');
const path = require('node:path');
const readline = require('node:readline');

const secret = 'not-to-be-printed';
const schemaPath = '/forest/rpc-schema';
const children = [];

const end = setTimeout(() => {
  console.error('waited in vain');
  process.exit(1);
}, 60_000);
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

function hmac(timestamp, key = secret) {
  return crypto.createHmac('sha256', key).update(timestamp).digest('hex');
}

function sha1(text) {
  return crypto.createHash('sha1').update(text).digest('hex');
}

// A program of ours, and the lines that it prints.
function start(variable, args, key = secret) {
  const child = spawn(process.env[variable], args, {
    env: { ...process.env, FOREST_AUTH_SECRET: key },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, lines };
}

async function stop({ child }, expected = 0) {
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.equal(code, expected);
}

// The client, which asks the warehouse.

function signedHeaders(etag, key = secret) {
  const timestamp = new Date().toISOString();
  const headers = { X_TIMESTAMP: timestamp, X_SIGNATURE: hmac(timestamp, key) };
  return etag ? { ...headers, 'If-None-Match': etag } : headers;
}

function get(url, options) {
  return new Promise((resolve, reject) => {
    const request = http.get(url, options, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode, headers: response.headers, body,
                  reused: request.reusedSocket });
      });
    });
    request.on('error', reject);
  });
}

async function askTheWarehouse(folder) {
  const database = path.join(folder, 'warehouse.sqlite');
  const warehouse = start('FOREST_WAREHOUSE', ['--database', database, '--grace', '0s']);
  const { value: first } = await warehouse.lines.next();
  assert.match(first ?? '', /^listening on /);
  const base = first.replace('listening on ', '');
  const url = base + schemaPath;

  for (const agent of [false, new http.Agent({ keepAlive: true, maxSockets: 1 })]) {
    const whole = await get(url, { agent, headers: signedHeaders() });
    assert.equal(whole.status, 200);
    const schema = JSON.parse(whole.body);
    const { etag } = schema;
    assert.match(etag, /^[0-9a-f]{40}$/);
    assert.equal(sha1(whole.body.replace(`,"etag":"${etag}"`, '')), etag);
    assert.equal(whole.headers.etag, `"${etag}"`);
    assert.deepEqual(schema.collections.map(({ name }) => name), ['manufacturer', 'product']);

    const unchanged = await get(url, { agent, headers: signedHeaders(etag) });
    assert.equal(unchanged.status, 304);
    assert.equal(unchanged.body, '');
    assert.equal(unchanged.headers['content-length'], undefined);

    const other = await get(url, { agent, headers: signedHeaders('other') });
    assert.equal(other.body, whole.body);
    assert.equal(other.reused, agent !== false);

    const refused = await get(url, { agent, headers: signedHeaders(etag, 'another secret') });
    assert.equal(refused.status, 401);
    assert.deepEqual(JSON.parse(refused.body), { error: 'Unauthorized' });

    const health = await get(`${base}/forest/health`, { agent, headers: signedHeaders() });
    assert.equal(JSON.parse(health.body).status, 'ok');
    if (agent) agent.destroy();
  }

  // fetch spells the names of its own fields in lower case, and offers to unpack.
  const fetched = await fetch(url, { headers: signedHeaders() });
  assert.equal(fetched.status, 200);
  const { etag } = await fetched.json();
  assert.equal((await fetch(url, { headers: signedHeaders(etag) })).status, 304);
  await stop(warehouse);
}

// The agent, which the master follows.

// It reads names with underscores alone, compares etags raw, and knows no ETag header.
class Agent {
  constructor(schema) {
    this.schema = schema;
    this.outcomes = [];
  }

  async listen(port = 0) {
    this.server = http.createServer((request, response) => this.answer(request, response));
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = this.server.address().port;
  }

  async crash() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  etag() {
    return sha1(JSON.stringify(this.schema));
  }

  answer(request, response) {
    try {
      const [status, body] = this.outcome(request);
      this.send(response, status, body);
      if (request.url === schemaPath) this.outcomes.push(status);
    } catch {
      this.send(response, 500, { errors: [{ name: 'Error', detail: 'Unexpected error',
                                            status: 500 }] });
    }
  }

  outcome({ headers, url }) {
    const { x_timestamp: timestamp = '', x_signature: signature = '' } = headers;
    // Throws when the lengths differ, as it does in production.
    const right = crypto.timingSafeEqual(Buffer.from(signature), Buffer.from(hmac(timestamp)));
    if (!right || Math.abs(Date.now() - Date.parse(timestamp)) > 59_000)
      return [403, { errors: [{ name: 'ForbiddenError', detail: 'Invalid signature',
                                status: 403 }] }];
    if (url === '/forest/health') return [200, { status: 'ok', version: '1.16.10' }];
    if (url !== schemaPath) return [404, {}];
    if (headers['if-none-match'] === this.etag()) return [304];
    return [200, { ...this.schema, etag: this.etag() }];
  }

  send(response, status, body) {
    response.statusCode = status;
    response.setHeader('Vary', '');
    if (body === undefined) {
      response.end();
      return;
    }
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.end(JSON.stringify(body));
  }
}

function follow(agent, key = secret, ...options) {
  const args = ['--json', '--verbose', '--interval', '50ms', '--failure-threshold', '2', ...options,
                `http://127.0.0.1:${agent.port}`];
  const master = start('FOREST_MASTER', args, key);
  master.told = [];
  master.next = async (...names) => {
    for (;;) {
      const { value, done } = await master.lines.next();
      assert.equal(done, false, `no ${names} in ${JSON.stringify(master.told)}`);
      const told = JSON.parse(value);
      master.told.push(told);
      if (names.includes(told.event)) return told;
    }
  };
  return master;
}

function ofSchema({ told }) {
  return told.map(({ event }) => event).filter((name) => name.startsWith('schema_'));
}

async function followTheAgent() {
  const agent = new Agent({ collections: [{ name: 'product', fields: {} }], charts: [] });
  await agent.listen();
  const master = follow(agent);
  const loaded = await master.next('schema_loaded');
  assert.equal(loaded.source, 'server');
  assert.equal(loaded.etag, agent.etag());
  assert.equal((await master.next('check_succeeded')).version, '1.16.10');

  await agent.crash();
  assert.equal((await master.next('server_down')).error, 'connection_refused');
  await agent.listen(agent.port);
  await master.next('server_up');
  assert.equal((await master.next('schema_unchanged')).status, 304);

  await agent.crash();
  await master.next('server_down');
  agent.schema.collections.push({ name: 'shelf', fields: {} });
  await agent.listen(agent.port);
  await master.next('server_up');
  const reloaded = await master.next('schema_reloaded');
  assert.equal(reloaded.etag, agent.etag());
  assert.equal(reloaded.collections, 2);
  await master.next('check_succeeded');
  assert.deepEqual(ofSchema(master), ['schema_loaded', 'schema_unchanged', 'schema_reloaded']);
  assert.deepEqual(agent.outcomes, [200, 304, 200]);
  await stop(master);

  const stranger = follow(agent, 'another secret');
  const refused = await stranger.next('schema_failed');
  assert.equal(refused.error, 'unauthorized');
  assert.equal(refused.status, 403);
  assert.equal((await stranger.next('schema_loaded')).source, 'none');
  await stop(stranger);

  // No name that it knows, so that the signature is empty: of the wrong length.
  const dashed = follow(agent, secret, '--header-style', 'dash');
  const broken = await dashed.next('schema_failed');
  assert.equal(broken.error, 'unexpected_status');
  assert.equal(broken.status, 500);
  await stop(dashed);
  await agent.crash();
}

(async () => {
  await askTheWarehouse(process.argv[2]);
  await followTheAgent();
  clearTimeout(end);
})().catch((thrown) => {
  console.error(thrown);
  process.exit(1);
});
