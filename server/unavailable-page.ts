/** Without scripts and styles from elsewhere: it is for when nothing else can be had. It asks again by itself. */
export function unavailablePage(): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta http-equiv="refresh" content="3" />
    <title>One moment</title>
    <style>
      body { font: 1rem/1.5 system-ui, sans-serif; margin: 20vh auto; max-width: 32rem; padding: 0 1.5rem; color-scheme: light dark; }
    </style>
  </head>
  <body>
    <h1>One moment, please</h1>
    <p>The shop is not answering just now. This page tries again by itself.</p>
  </body>
</html>
`;
}
