// Next.js: app/connect/[[...path]]/route.ts.
import { handler } from './handler'

export const GET = handler
export const HEAD = handler
export const POST = handler
export const PUT = handler
export const PATCH = handler
export const DELETE = handler
export const OPTIONS = handler
