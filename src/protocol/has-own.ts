/** `Object.hasOwn`, which is newer than the oldest browsers in which a page must still be able to say that they are too old. */
export const hasOwn = (object: object, name: string): boolean =>
  Object.prototype.hasOwnProperty.call(object, name)
