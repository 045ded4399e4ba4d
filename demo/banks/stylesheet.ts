import type { Theme } from './theme.js'

const fonts = {
  serif: "Georgia, 'Times New Roman', serif",
  sans: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
}

/** The stylesheet of a bank's pages, light and dark. */
export function stylesheet(theme: Theme): string {
  return `:root {
  color-scheme: light dark;
  --accent: ${theme.accent};
  --on-accent: #fff;
  --page: #f4f4f2;
  --card: #fff;
  --text: #1c1c1a;
  --quiet: #5c5c58;
  --line: #8a8a85;
  --alert: #a3121f;
  --radius: ${theme.radius};
}

@media (prefers-color-scheme: dark) {
  :root {
    --accent: ${theme.accentOnDark};
    --on-accent: #111;
    --page: #131312;
    --card: #1e1e1c;
    --text: #f1f1ee;
    --quiet: #b4b4ae;
    --line: #77776f;
    --alert: #ff9b9b;
  }
}

* { box-sizing: border-box; }

body {
  margin: 0;
  min-height: 100vh;
  background: var(--page);
  color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
}

header {
  padding: 1rem 1.25rem;
  background: var(--accent);
  color: var(--on-accent);
}

header p { margin: 0; }
.bank { font-family: ${fonts[theme.font]}; font-size: 1.375rem; font-weight: 700; line-height: 1.25; }
.tagline { font-size: 0.875rem; }

main {
  width: min(30rem, 100% - 2rem);
  margin: 1.5rem auto;
  padding: 1.5rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: var(--radius);
}

h1 { margin: 0 0 0.75rem; font-family: ${fonts[theme.font]}; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1rem; }
fieldset { margin: 0 0 1rem; padding: 0; border: 0; }
legend { padding: 0; font-weight: 600; }
ul { margin: 0.25rem 0 1rem; padding-left: 1.25rem; }
code { overflow-wrap: anywhere; color: var(--quiet); font-size: 0.875rem; }

label { display: block; margin-bottom: 0.25rem; font-weight: 600; }

.choice { display: flex; gap: 0.75rem; align-items: flex-start; padding: 0.5rem 0; font-weight: 400; }
.choice input { flex: none; width: 1.25rem; height: 1.25rem; margin: 0.125rem 0 0; accent-color: var(--accent); }

input[type='text'], input[type='password'] {
  width: 100%;
  margin-bottom: 1rem;
  padding: 0.625rem 0.75rem;
  border: 1px solid var(--line);
  border-radius: var(--radius);
  background: var(--page);
  color: inherit;
  font: inherit;
}

[aria-invalid='true'] { border-color: var(--alert); }

.buttons { display: flex; flex-wrap: wrap; gap: 0.75rem; }

button {
  flex: 1 1 7rem;
  min-height: 2.75rem;
  padding: 0.5rem 1rem;
  border: 1px solid var(--accent);
  border-radius: var(--radius);
  background: transparent;
  color: var(--accent);
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}

button.main { flex-basis: 100%; background: var(--accent); color: var(--on-accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.alert { padding: 0.5rem 0.75rem; border-left: 4px solid var(--alert); color: var(--alert); }
.choice + .buttons, fieldset + .buttons, fieldset + ul { margin-top: 1.25rem; }
.note { color: var(--quiet); font-size: 0.875rem; }

footer { padding: 0 1rem 2rem; color: var(--quiet); font-size: 0.875rem; text-align: center; }
`
}
