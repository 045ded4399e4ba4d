import { render } from '@testing-library/react'
import * as React from 'react'
import * as ReactDOM from 'react-dom'
import * as server from 'react-dom/server'
import { expect, inject, test } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** The major version of React that a project's tests run on. */
    react: number
  }
}

test('React, its renderers and what the testing library renders are of the version that this run is for', () => {
  const elements: unknown[] = []
  function Probe() {
    // React 19 has given elements another tag, so that those of two versions cannot be mixed.
    elements.push(<i />)
    return null
  }
  render(<Probe />)
  const tag = inject('react') === 18 ? 'react.element' : 'react.transitional.element'
  expect(elements[0]).toHaveProperty('$$typeof', Symbol.for(tag))
  const versions = [React.version, ReactDOM.version, server.version]
  expect(versions.map((version) => Number(version.split('.')[0]))).toEqual(Array(3).fill(inject('react')))
})
