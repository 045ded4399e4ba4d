import { testVariants } from '../cli/support/broken.js'
import { careless } from '../cli/support/careless.js'
import { forgetful } from '../cli/support/forgetful.js'

testVariants([...careless, ...forgetful], 'all')
