// Next.js: next.config.js.
export default {
  // Otherwise Next answers a path with a slash at its end by a redirect, in the place of the backend.
  skipTrailingSlashRedirect: true,
}
