// @google-cloud/storage for Node.js: a bucket's whole life, with objects, its policy and an HMAC key.
import assert from 'node:assert';
import { createRequire } from 'node:module';
import { randomBytes } from 'node:crypto';

const require = createRequire(process.env.CLIENTS + '/');
const { Storage } = require('@google-cloud/storage');
const { OAuth2Client } = require('google-auth-library');

const authClient = new OAuth2Client();
authClient.setCredentials({ access_token: process.env.TOKEN, expiry_date: Date.now() + 3600e3 });
const storage = new Storage({
  apiEndpoint: process.env.SANDBOX, projectId: process.env.PROJECT, authClient, useAuthWithCustomEndpoint: true,
});

const [bucket] = await storage.createBucket('client-node', { location: 'EU', versioning: { enabled: true } });
await bucket.setLabels({ a: 'b' });
const [metadata] = await bucket.getMetadata();
assert.deepEqual([metadata.location, metadata.labels, metadata.versioning], ['EU', { a: 'b' }, { enabled: true }]);
await assert.rejects(storage.createBucket('client-node', { location: 'EU' }), error => error.code === 409);
const [buckets] = await storage.getBuckets({ prefix: 'client-' });
assert(buckets.some(found => found.name === 'client-node'));

await bucket.file('folder/text').save('hello', { resumable: false, contentType: 'text/plain' });
assert.equal((await bucket.file('folder/text').download())[0].toString(), 'hello');
const content = randomBytes(600 * 1024);
// Who has the address of an upload goes on with it, without a token.
const [uri] = await bucket.file('pieces').createResumableUpload();
await bucket.file('pieces').save(content, { uri, resumable: true, chunkSize: 256 * 1024 });
assert((await bucket.file('pieces').download())[0].equals(content));
await bucket.file('folder/text').copy(bucket.file('copy'));
const [files] = await bucket.getFiles();
assert.deepEqual(files.map(file => file.name), ['copy', 'folder/text', 'pieces']);
await bucket.file('folder/text').setMetadata({ metadata: { k: 'v' } });
assert.equal((await bucket.file('folder/text').getMetadata())[0].metadata.k, 'v');

const [policy] = await bucket.iam.getPolicy({ requestedPolicyVersion: 3 });
policy.bindings.push({ role: 'roles/storage.objectViewer', members: ['allUsers'] });
await bucket.iam.setPolicy(policy);
const [found] = await bucket.iam.getPolicy({ requestedPolicyVersion: 3 });
assert(found.bindings.some(binding => binding.role === 'roles/storage.objectViewer'));
const [tested] = await bucket.iam.testPermissions(['storage.buckets.get']);
assert.deepEqual(tested, { 'storage.buckets.get': true });

const [key, secret] = await storage.createHmacKey(process.env.ACCOUNT);
assert.equal(secret.length, 40);
await key.setMetadata({ state: 'INACTIVE' });
await key.delete();
const [keys] = await storage.getHmacKeys();
assert(!keys.some(other => other.metadata.accessId === key.metadata.accessId));

await bucket.deleteFiles({ force: true, versions: true });
await bucket.delete();
assert.equal((await bucket.exists())[0], false);
console.log('@google-cloud/storage: ok');
