// A bank that talks to the page, and one that talks to the backend; test/slow/users.test.ts has the others.
import { useBench } from './support/bench.js'
import { testUsers } from './support/users.js'

testUsers(useBench(), ['Apiture', 'Stitch'])
