/** How the banks name the app. */
export const appName = 'Lasagna Enterprises'
