import './indexeddb.js'
