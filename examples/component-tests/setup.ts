import { configure } from '@testing-library/react'

// A limit for a busy machine. No test waits for it: each waits for what it expects.
configure({ asyncUtilTimeout: 30_000 })
