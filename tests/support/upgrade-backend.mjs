// A backend as the web server expects one: says that it is ready, takes handed-over sockets, and
// greets each with what it was told of the request.
import { IncomingMessage } from "node:http";

import { WebSocketServer } from "ws";

if (process.argv.includes("--fail")) process.exit(3);

const webSockets = new WebSocketServer({ noServer: true });

const arrivals = new Map();

process.on("message", ({ type, id, request, head }, socket) => {
  if (type === "exit") process.exit(5);
  if (type === "upgrade") arrivals.set(id, () => answer(request, socket, head));
  if (type === "released") arrivals.get(id)();
});

function answer(request, socket, head) {
  const incoming = Object.assign(new IncomingMessage(socket), request);
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    incoming.headers[request.rawHeaders[index].toLowerCase()] = request.rawHeaders[index + 1];
  }
  webSockets.handleUpgrade(incoming, socket, Buffer.from(head, "base64"), (client) => {
    const { url, headers } = incoming;
    client.send(JSON.stringify({ url, forwardedFor: headers["x-forwarded-for"] }));
    client.on("message", (data) => {
      if (data.toString() === "crash") process.exit(5);
      client.send(`echo ${data.toString()}`);
    });
  });
}
process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => process.exit(0));
process.send({ type: "ready", adminKey: "test|key" });
