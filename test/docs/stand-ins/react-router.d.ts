// What docs/guards.md uses of react-router 7, which is not installed here.
import type { ReactElement } from 'react'

export interface LoaderFunctionArgs {
  readonly request: Request
  readonly params: Readonly<Record<string, string | undefined>>
}
export interface RouteObject {
  readonly path?: string
  readonly loader?: (args: LoaderFunctionArgs) => unknown
}
export function createBrowserRouter(routes: RouteObject[]): object
export function redirect(url: string): Response
export function Navigate(props: { to: string; replace?: boolean }): null
export function Outlet(): ReactElement | null
