/** For when the deployment does not answer. It asks again by itself. */
export function unavailablePage(): string {
  return page("The shop is not answering just now.", 3);
}

/** For the moments in which the shop is being made ready. It asks again by itself. */
export function startingPage(): string {
  return page("The shop is starting.", 1);
}

/** Without scripts and styles from elsewhere: nothing else may be there. */
function page(sentence: string, seconds: number): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta http-equiv="refresh" content="${String(seconds)}" />
    <title>One moment</title>
    <style>
      body { font: 1rem/1.5 system-ui, sans-serif; margin: 20vh auto; max-width: 32rem; padding: 0 1.5rem; color-scheme: light dark; }
    </style>
  </head>
  <body>
    <h1>One moment, please</h1>
    <p>${sentence} This page tries again by itself.</p>
  </body>
</html>
`;
}
