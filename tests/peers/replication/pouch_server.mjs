// express-pouchdb over its LevelDB adapter: node pouch_server.mjs FOLDER; tells its port in a line of JSON.
import { createRequire } from 'node:module'
import express from 'express'

const require = createRequire(import.meta.url) // both packages are CommonJS
const folder = process.argv[2] + '/'
const PouchDB = require('pouchdb').defaults({ prefix: folder })
const app = express()
// The routes replication needs and no request log: the leanest of its modes.
app.use('/', require('express-pouchdb')(PouchDB, { mode: 'minimumForPouchDB', inMemoryConfig: true }))
const listening = app.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: listening.address().port })))
