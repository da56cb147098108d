// RxDB in memory as the master of a replication over HTTP: node rxdb_server.mjs; tells its port in a line of JSON.
import express from 'express'
import { rxStorageInstanceToReplicationHandler } from 'rxdb'
import { openCollection } from './rxdb_store.mjs'

export async function master(name) {
  const collection = await openCollection(name)
  const { storageInstance, conflictHandler, database } = collection
  return {
    collection, handler: rxStorageInstanceToReplicationHandler(storageInstance, conflictHandler, database.token),
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { collection, handler } = await master('centre')
  const app = express()
  app.use(express.json({ limit: '64mb' }))
  app.post('/push', async (request, answer) => answer.json(await handler.masterWrite(request.body)))
  app.post('/pull', async (request, answer) => {
    answer.json(await handler.masterChangesSince(request.body.checkpoint, request.body.limit))
  })
  app.get('/count', async (_request, answer) => answer.json({ docs: await collection.count().exec() }))
  const listening = app.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: listening.address().port })))
}
