// An independent Fediverse server: Fedify over real HTTPS, steered by lines of JSON.
//
//   node peer.mjs HOST ADDRESS CERTIFICATE KEY FIRST_KNOCK
//
// Reads commands from standard input, one JSON object a line: {"id": 7, "do": "follow", ...}; answers each on
// standard output with {"answer": 7, "result": ...} or {"answer": 7, "error": "..."}.  What happens at the peer is
// told there too:
//   {"event": "request", method, path, scheme, activity, status}   every request, with the scheme it was signed by
//   {"event": "activity", scheme, activity}                         an activity whose signature Fedify verified
// Which of the two schemes carried a request is read from its headers; whether it was genuine, Fedify alone decides.

import { readFileSync } from "node:fs";
import https from "node:https";
import { createInterface } from "node:readline";

import { Temporal } from "@js-temporal/polyfill";
import { createFederation, generateCryptoKeyPair, MemoryKvStore } from "@fedify/fedify";
import {
  Accept, Activity, Announce, Collection, Create, Delete, Endpoints, Follow, Image, Like, Mention, Move, Note, Person,
  PUBLIC_COLLECTION, Question, Tombstone, Undo, Update,
} from "@fedify/fedify/vocab";

const [host, address, certificate, key, firstKnock] = process.argv.slice(2);
const origin = new URL(`https://${host}`);
const faces = ["eve", "eva", "evi"];
const people = ["bob", "dan", ...faces, "max"];
const keys = new Map(); // person -> key pairs, made at first need
const notes = new Map(); // path -> Note, so that others may fetch what was sent
const sent = new Map(); // id -> Activity, so that it can be undone
const followers = new Map(people.map((person) => [person, new Map()]));
const aliases = new Map(); // person -> ids that they say they are too
const schemes = new Map(); // activity id -> scheme of the request that brought it
// What those look like; the others show no face.  With a comment in it, as cameras leave one.
const face = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAGXRFWHRDb21tZW50AHdoZXJlIGl0IHdhcyBtYWRlZ9eGjQAAANNJ" +
  "REFUeNrt2N0NwjAMReG7CSOyHEMwBAMwBg+VEOKnpUkqXztH8gDne6gaW/fbNfUIAAAAAAAAAADAFXA6X5bJBHhG/xpfwGb6EQyF" +
  "1A80KKp+lEGB9UMMiq3vNyi8vtMwMWBgfY8BAIAYwPD6ZgOApAA+YgAAeMw5ANLvAxU2sgo7cYWrRIW7UIXLXJHbKOd1ADMCUv7I" +
  "Ej+nD1qI2xjySW9jyC19L0Oe6f8zZF6/aZB//bpB/unrjIoA2/qvBuWq/zQoXf2boRAgUf2rAQCA2QEPkXAS1CroyFUAAAAASUVO" +
  "RK5CYII=",
  "base64");
let refuseScheme = null; // answer 401 to this scheme, so that the other side knocks again
let serial = 0;

const tell = (object) => process.stdout.write(JSON.stringify(object) + "\n");

const federation = createFederation({ kv: new MemoryKvStore(), firstKnock });

federation
  .setActorDispatcher("/users/{identifier}", async (context, identifier) => {
    if (!people.includes(identifier)) return null;
    const pairs = await context.getActorKeyPairs(identifier);
    return new Person({
      id: context.getActorUri(identifier),
      preferredUsername: identifier,
      name: identifier[0].toUpperCase() + identifier.slice(1),
      summary: `<p>${identifier} of ${host}</p>`,
      url: new URL(`/@${identifier}`, origin),
      inbox: context.getInboxUri(identifier),
      outbox: context.getOutboxUri(identifier),
      followers: context.getFollowersUri(identifier),
      endpoints: new Endpoints({ sharedInbox: context.getInboxUri() }),
      icon: faces.includes(identifier) ? new Image({ url: new URL(`/faces/${identifier}.png`, origin), mediaType: "image/png" }) : null,
      aliases: aliases.get(identifier) ?? [],
      publicKey: pairs[0].cryptographicKey,
      assertionMethods: pairs.map((pair) => pair.multikey),
    });
  })
  .setKeyPairsDispatcher(async (_context, identifier) => {
    if (!keys.has(identifier)) {
      keys.set(identifier, [
        await generateCryptoKeyPair("RSASSA-PKCS1-v1_5"),
        await generateCryptoKeyPair("Ed25519"),
      ]);
    }
    return keys.get(identifier);
  });

federation.setOutboxDispatcher("/users/{identifier}/outbox", () => ({ items: [] }));
federation.setFollowersDispatcher("/users/{identifier}/followers", (_context, identifier) => ({
  items: [...followers.get(identifier).values()],
}));
federation.setObjectDispatcher(Note, "/users/{identifier}/notes/{number}", (_context, values) =>
  notes.get(`/users/${values.identifier}/notes/${values.number}`) ?? null);

const lower = (headers) => (headers.has("signature-input") ? "rfc9421" : headers.has("signature") ? "cavage" : null);

// Taken down as it came, before anything it names is fetched into it.
async function note(context, activity) {
  return {
    event: "activity",
    recipient: context.recipient,
    scheme: schemes.get(activity.id?.href) ?? null,
    activity: await activity.toJsonLd({ format: "compact", contextLoader: context.contextLoader }),
  };
}

async function heard(context, activity) {
  tell(await note(context, activity));
}

async function acceptFollow(context, follow) {
  const noted = await note(context, follow);
  const target = context.parseUri(follow.objectId);
  const follower = await follow.getActor(context);
  if (target?.type !== "actor" || follower == null) return;
  followers.get(target.identifier).set(follower.id.href, {
    id: follower.id, inboxId: follower.inboxId, endpoints: follower.endpoints,
  });
  const accept = new Accept({
    id: new URL(`#accepts/${++serial}`, follow.objectId), actor: follow.objectId, object: follow,
  });
  await context.sendActivity({ identifier: target.identifier }, follower, accept);
  tell(noted); // so whoever waits for this knows that the Accept was taken
}

federation
  .setInboxListeners("/users/{identifier}/inbox", "/inbox")
  .on(Follow, acceptFollow)
  .on(Activity, heard)
  .onError((_context, problem) => tell({ event: "problem", text: String(problem?.stack ?? problem) }))
  .setSharedKeyDispatcher(() => ({ identifier: "bob" }));

// The commands. Each takes the context, the command, and gives what the answer says.

const nextUri = (kind) => new URL(`/${kind}/${++serial}`, origin);

function everybody(context, person, words) {
  return (words ?? []).map((word) => {
    if (word === "public") return PUBLIC_COLLECTION;
    if (word === "followers") return context.getFollowersUri(person);
    return new URL(word);
  });
}

async function send(context, command, activity) {
  const recipients = await Promise.all((command.recipients ?? []).map((id) => context.lookupObject(id, {
    documentLoader: context.documentLoader,
  })));
  if (recipients.some((recipient) => recipient == null)) throw new Error("a recipient was not found");
  sent.set(activity.id.href, activity);
  await context.sendActivity({ identifier: command.from }, recipients, activity, { preferSharedInbox: !!command.shared });
  return { id: activity.id.href };
}

// "poll": [["Tea", 3], ["Coffee", 1]] makes a question of it, open until "closes".
function pollOf({ poll, many, closes }) {
  const choices = poll.map(([name, votes]) => new Note({ name, replies: new Collection({ totalItems: votes }) }));
  return { [many ? "inclusiveOptions" : "exclusiveOptions"]: choices, endTime: Temporal.Instant.from(closes) };
}

async function makeNote(context, command, path) {
  const words = {
    id: new URL(path, origin),
    attribution: context.getActorUri(command.from),
    tos: everybody(context, command.from, command.to),
    ccs: everybody(context, command.from, command.cc),
    content: command.content,
    summary: command.summary,
    url: new URL(path, origin),
    replyTarget: command.inReplyTo ? new URL(command.inReplyTo) : null,
    tags: (command.mentions ?? []).map(({ href, name }) => new Mention({ href: new URL(href), name })),
    published: Temporal.Now.instant(),
    updated: command.updated ? Temporal.Now.instant() : null,
  };
  const note = command.poll ? new Question({ ...words, ...pollOf(command) }) : new Note(words);
  notes.set(path, note);
  return note;
}

const audience = (note) => ({ tos: note.toIds, ccs: note.ccIds });

const commands = {
  async lookup(context, { what }) {
    const found = await context.lookupObject(what);
    return found == null ? null : await found.toJsonLd({ format: "compact", contextLoader: context.contextLoader });
  },
  async follow(context, command) {
    const target = await context.lookupObject(command.handle);
    if (target == null) throw new Error(`${command.handle} was not found`);
    const follow = new Follow({
      id: nextUri("follows"), actor: context.getActorUri(command.from), object: target.id,
    });
    return await send(context, { ...command, recipients: [target.id.href] }, follow);
  },
  async note(context, command) {
    const note = await makeNote(context, command, `/users/${command.from}/notes/${++serial}`);
    const create = new Create({
      id: nextUri("creates"), actor: note.attributionId, object: note, published: note.published, ...audience(note),
    });
    return { ...(await send(context, command, create)), note: note.id.href };
  },
  async update(context, command) {
    const note = await makeNote(context, { updated: true, ...command }, new URL(command.note).pathname);
    const update = new Update({ id: nextUri("updates"), actor: note.attributionId, object: note, ...audience(note) });
    return await send(context, command, update);
  },
  async delete(context, command) {
    const gone = new Delete({
      id: nextUri("deletes"), actor: context.getActorUri(command.from),
      object: new Tombstone({ id: new URL(command.note) }), to: PUBLIC_COLLECTION,
    });
    notes.delete(new URL(command.note).pathname);
    return await send(context, command, gone);
  },
  async like(context, command) {
    const like = new Like({
      id: nextUri("likes"), actor: context.getActorUri(command.from), object: new URL(command.object),
    });
    return await send(context, command, like);
  },
  async announce(context, command) {
    const announce = new Announce({
      id: nextUri("announces"), actor: context.getActorUri(command.from), object: new URL(command.object),
      to: PUBLIC_COLLECTION,
    });
    return await send(context, command, announce);
  },
  async undo(context, command) {
    const undone = sent.get(command.activity);
    const undo = new Undo({ id: nextUri("undos"), actor: context.getActorUri(command.from), object: undone });
    return await send(context, command, undo);
  },
  async alias(_context, { person, ids }) {
    aliases.set(person, ids.map((id) => new URL(id)));
    return {};
  },
  async move(context, command) {
    const actor = context.getActorUri(command.from);
    const move = new Move({
      id: nextUri("moves"), actor, object: actor, target: new URL(command.target), to: PUBLIC_COLLECTION,
    });
    return await send(context, command, move);
  },
  async rotate(_context, { person }) {
    keys.delete(person);
    return {};
  },
  async refuse(_context, { scheme }) {
    refuseScheme = scheme;
    return {};
  },
};

async function answer(line) {
  const command = JSON.parse(line);
  try {
    const context = federation.createContext(origin, undefined);
    tell({ answer: command.id, result: (await commands[command.do](context, command)) ?? null });
  } catch (problem) {
    tell({ answer: command.id, error: String(problem?.stack ?? problem) });
  }
}

// The HTTPS server.

async function readBody(incoming) {
  const pieces = [];
  for await (const piece of incoming) pieces.push(piece);
  return Buffer.concat(pieces);
}

function activityOf(body) {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return null;
  }
}

async function handle(request, activity) {
  const scheme = lower(request.headers);
  if (request.method === "POST" && scheme !== null && scheme === refuseScheme) {
    return new Response("knock again", { status: 401 });
  }
  if (activity?.id) schemes.set(activity.id, scheme);
  if (faces.some((person) => new URL(request.url).pathname === `/faces/${person}.png`)) {
    return new Response(face, { headers: { "content-type": "image/png" } });
  }
  return await federation.fetch(request, { contextData: undefined });
}

async function serve(incoming, outgoing) {
  const body = await readBody(incoming);
  const headers = new Headers();
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i], incoming.rawHeaders[i + 1]);
  }
  const hasBody = !["GET", "HEAD"].includes(incoming.method);
  const request = new Request(`https://${incoming.headers.host}${incoming.url}`, {
    method: incoming.method, headers, body: hasBody ? body : undefined,
  });
  const activity = hasBody ? activityOf(body) : null;
  const response = await handle(request, activity);
  tell({
    event: "request", method: incoming.method, path: incoming.url, scheme: lower(headers),
    activity: activity?.id ?? null, type: activity?.type ?? null, status: response.status,
    agent: incoming.headers["user-agent"] ?? null,
  });
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}

const server = https.createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (incoming, outgoing) => {
  serve(incoming, outgoing).catch((problem) => {
    tell({ event: "problem", text: String(problem?.stack ?? problem) });
    outgoing.writeHead(500);
    outgoing.end();
  });
});
server.listen(443, address, () => tell({ event: "ready", host }));
createInterface({ input: process.stdin }).on("line", answer).on("close", () => process.exit(0));
