import { useBench } from '../browser/support/bench.js'
import { testUsers } from '../browser/support/users.js'

testUsers(useBench(), ['Basis', 'FDX', 'Moneyhub', 'Moneyhub one-time', 'OpenID'])
