// RxDB in memory as a branch: node rxdb_client.mjs push|pull URL|here FILE BATCH
// `here` has the master in the same process. Prints a line of JSON like pouch_client.mjs.
import { readFileSync } from 'node:fs'
import { replicateRxCollection } from 'rxdb/plugins/replication'
import { fill, openCollection } from './rxdb_store.mjs'
import { master } from './rxdb_server.mjs'

const [action, url, file, batch] = process.argv.slice(2)
const here = url === 'here' ? await master('centre') : null

async function ask(path, body) {
  const answer = await fetch(url + path, {
    method: body ? 'POST' : 'GET', headers: { 'Content-Type': 'application/json' }, body: body && JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
  return answer.json()
}

const collection = await openCollection('branch')
const docs = readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line))
if (action === 'push') await fill(collection, docs)
else if (here) await fill(here.collection, docs)

const push = { batchSize: Number(batch), handler: (rows) => (here ? here.handler.masterWrite(rows) : ask('/push', rows)) }
const pull = {
  batchSize: Number(batch),
  handler: (checkpoint, limit) => here
    ? here.handler.masterChangesSince(checkpoint, limit)
    : ask('/pull', { checkpoint, limit }),
}
const begun = performance.now()
const before = process.cpuUsage()
const replication = replicateRxCollection({
  collection, replicationIdentifier: 'bench', live: false, retryTime: 1000, ...(action === 'push' ? { push } : { pull }),
})
replication.error$.subscribe((error) => { console.error(error); process.exit(1) })
await replication.awaitInitialReplication()
const seconds = (performance.now() - begun) / 1000
const { user, system } = process.cpuUsage(before)
const there = action === 'pull'
  ? await collection.count().exec()
  : here ? await here.collection.count().exec() : (await ask('/count')).docs
console.log(JSON.stringify({ seconds, cpu: (user + system) / 1e6, docs: there }))
process.exit(0)
