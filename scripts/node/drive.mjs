// Drives pi with the established RpcClient, unchanged: a conversation with tools, steering, abort,
// every command once. Arguments: path of rpc-client.js, what to do ("demo" or "loop").
// Prints one line for each check and ends with 1 if one failed. Older versions of the client hear of
// the end by `agent_end` and lack some methods; what they lack is left out.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const [clientPath, what] = process.argv.slice(2);
const { RpcClient } = await import(clientPath);
const cliPath = join(dirname(fileURLToPath(import.meta.url)), "shim.mjs");

const newer = "getEntries" in RpcClient.prototype;
const end = newer ? "agent_settled" : "agent_end";
let failed = 0;
function check(name, ok, seen) {
  if (!ok) failed += 1;
  console.log(`${ok ? "ok  " : "FAIL"} ${name}${ok ? "" : "  " + JSON.stringify(seen)?.slice(0, 300)}`);
}
const types = (events) => events.map((event) => event.type);
const texts = (events) =>
  events
    .filter((e) => e.type === "message_update" && e.assistantMessageEvent.type === "text_delta")
    .map((e) => e.assistantMessageEvent.delta)
    .join("");

async function until(client, wanted) {
  return new Promise((resolve) => {
    const stop = client.onEvent((event) => {
      if (wanted(event)) {
        stop();
        resolve(event);
      }
    });
  });
}

async function entriesAndTree(client) {
  const { entries, leafId } = await client.getEntries();
  check("getEntries", entries.at(-1).id === leafId, leafId);
  const after = await client.getEntries(entries[3].id);
  check("getEntries(since)", after.entries.length === entries.length - 4, after.entries.length);
  const { tree } = await client.getTree();
  let depth = 0;
  for (let node = tree[0]; node; node = node.children[0]) depth += 1;
  check("getTree", tree.length === 1 && depth === entries.length, depth);
}

async function demo() {
  const client = new RpcClient({ cliPath, args: ["--model", "demo"] });
  await client.start();
  const events = await client.promptAndWait("Show me");
  const seen = types(events);
  check("run begins and settles", seen[0] === "agent_start" && seen.at(-1) === end, seen);
  const tools = events.filter((e) => e.type === "tool_execution_end");
  check("six tools have run", tools.length === 6, tools.map((t) => t.toolName));
  check("one of them failed on purpose", tools.filter((t) => t.isError).length === 1, tools);
  check("text was streamed", texts(events).includes("scripted demonstration"), texts(events));
  const last = await client.getLastAssistantText();
  check("getLastAssistantText", last?.startsWith("Done:"), last);
  const messages = await client.getMessages();
  check("getMessages", messages.length === 14, messages.map((m) => m.role));
  const state = await client.getState();
  check("getState", state.messageCount === 14 && !state.isStreaming && !!state.sessionFile, state);
  if (newer) await entriesAndTree(client);
  const stats = await client.getSessionStats();
  check("getSessionStats", stats.toolCalls === 6 && stats.userMessages === 1, stats);
  await client.setSessionName("A talk");
  check("setSessionName", (await client.getState()).sessionName === "A talk");
  const bash = await client.bash("echo one; echo two >&2; exit 3");
  check("bash", bash.output.trim() === "one\ntwo" && bash.exitCode === 3, bash);
  const slow = client.bash("sleep 20");
  await new Promise((r) => setTimeout(r, 300));
  await client.abortBash();
  check("abortBash", (await slow).cancelled === true, await slow);
  const html = await client.exportHtml("talk.html");
  check("exportHtml", html.path.endsWith("talk.html"), html);
  const forks = await client.getForkMessages();
  check("getForkMessages", forks.length === 1 && forks[0].text === "Show me", forks);
  const cloned = await client.clone();
  const second = await client.getState();
  check("clone", !cloned.cancelled && second.sessionId !== state.sessionId && second.messageCount >= 14, second);
  const fork = await client.fork((await client.getForkMessages())[0].entryId);
  check("fork", fork.text === "Show me" && (await client.getState()).messageCount === 0, fork);
  await client.switchSession(state.sessionFile);
  check("switchSession", (await client.getState()).sessionId === state.sessionId);
  await client.newSession();
  check("newSession", (await client.getState()).messageCount === 0);
  check("getCommands", Array.isArray(await client.getCommands()));
  check("getAvailableModels", Array.isArray(await client.getAvailableModels()));
  check("cycleThinkingLevel", (await client.cycleThinkingLevel()) === null);
  if (newer) {
    const levels = await client.getAvailableThinkingLevels();
    check("getAvailableThinkingLevels", levels.join() === "off", levels);
  }
  const error = await client.setModel("nobody", "nothing").catch((e) => e.message);
  check("setModel of nobody is an error", error.includes("nobody"), error);
  await client.stop();
}

async function loop() {
  const client = new RpcClient({ cliPath, args: ["--provider", "loop", "--model", "m1"] });
  await client.start();
  // steering in a tool batch
  let collected = client.collectEvents();
  await client.prompt("Use a tool");
  await until(client, (e) => e.type === "tool_execution_start");
  await client.steer("Do it differently");
  await client.followUp("And then this");
  let events = await collected;
  const said = events.filter((e) => e.type === "message_end").map((e) => e.message);
  const users = said.filter((m) => m.role === "user").map((m) => m.content);
  check("prompt, steering, follow-up in this order", users.join("|") === "Use a tool|Do it differently|And then this", users);
  const at = (f) => said.findIndex(f);
  check("steering after the tool result", at((m) => m.role === "toolResult") < at((m) => m.content === "Do it differently"), said.map((m) => m.role));
  check("queue_update tells the queues", events.filter((e) => e.type === "queue_update").length >= 4, types(events));
  check("usage", said.some((m) => m.role === "assistant" && m.usage.input === 10), said);
  // abort in the middle of an answer
  collected = client.collectEvents();
  await client.prompt("Talk slowly");
  await until(client, (e) => e.type === "message_update" && e.assistantMessageEvent.type === "text_delta");
  await client.steer("too late");
  await client.abort();
  events = await collected;
  check("abort settles", events.at(-1).type === end && (!newer || events.at(-1).aborted === true), events.at(-1));
  const state = await client.getState();
  check("abort clears the queue", state.pendingMessageCount === 0 && !state.isStreaming, state);
  const messages = await client.getMessages();
  check("partial answer is kept", messages.at(-1).stopReason === "aborted" && messages.at(-1).content[0].text.startsWith("slow"), messages.at(-1));
  // and it goes on
  events = await client.promptAndWait("Hello");
  check("next prompt works", texts(events) === "Hello there", texts(events));
  if (newer) {
    const queue = await client.clearQueue();
    check("clearQueue", queue.steering.length === 0 && queue.followUp.length === 0, queue);
  }
  await client.setSteeringMode("all");
  await client.setFollowUpMode("all");
  const modes = await client.getState();
  check("queue modes", modes.steeringMode === "all" && modes.followUpMode === "all", modes);
  check("setModel", (await client.setModel("loop", "m2")).id === "m2");
  const cycled = await client.cycleModel();
  check("cycleModel", cycled?.model.id === "m1" && cycled.isScoped === false, cycled);
  await client.setModel("loop", "m2");
  await client.setThinkingLevel("high");
  check("setThinkingLevel", (await client.getState()).thinkingLevel === "high", await client.getState());
  check("cycleThinkingLevel", (await client.cycleThinkingLevel())?.level !== "high");
  await client.setAutoRetry(false);
  await client.setAutoCompaction(false).catch(() => 0);
  await client.abortRetry();
  const compacted = await client.compact("the tool").catch((e) => e);
  check("compact", compacted.summary?.includes("Hello there") && !!compacted.firstKeptEntryId && compacted.tokensBefore > 0, compacted.message ?? compacted);
  check("the summary is told", (await client.getMessages())[0].role === "compactionSummary");
  await client.stop();
}

await (what === "demo" ? demo : loop)();
process.exit(failed ? 1 : 0);
