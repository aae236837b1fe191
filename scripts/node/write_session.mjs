// Has the established program's own session manager write a session with every type of entry, as in
// tests/coding/session/established. Arguments: path of dist/core/session-manager.js, a folder, and
// anything for versions that know context edits and usage. Prints the file's path; on standard error,
// what the manager makes of it for the model.
import fs from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [mod, dir, newer] = process.argv.slice(2);
const { SessionManager } = await import(pathToFileURL(resolve(mod)).href);
fs.mkdirSync(dir, { recursive: true });
const m = SessionManager.create("/project", dir);
const usage = {input: 10, output: 5, cacheRead: 2, cacheWrite: 1, totalTokens: 18, cost: {input: .1, output: .2, cacheRead: 0, cacheWrite: 0, total: .3}};
const a = (text, more={}) => ({role: "assistant", content: [{type:"text", text}], api: "openai-completions", provider: "p", model: "m", usage, stopReason: "stop", timestamp: 2, ...more});
m.appendModelChange("p", "m"); m.appendThinkingLevelChange("high");
const u1 = m.appendMessage({role: "user", content: "one ünï \u2028 🎉", timestamp: 1});
m.appendMessage(a("two", {content: [{type:"thinking", thinking:"hm", thinkingSignature:"sig"}, {type:"text", text:"two"}, {type:"toolCall", id:"c1", name:"bash", arguments:{command:"ls"}}], stopReason:"toolUse", responseId: "r1"}));
m.appendMessage({role: "toolResult", toolCallId: "c1", toolName: "bash", content: [{type:"text", text:"out"}, {type:"image", data:"aGk=", mimeType:"image/png"}], details: {fullOutputPath: "/x", truncation: null}, isError: false, timestamp: 3});
const kept = m.appendMessage(a("three"));
m.appendMessage({role: "bashExecution", command: "ls", output: "x", exitCode: 0, cancelled: false, truncated: false, timestamp: 4});
m.appendMessage({role: "bashExecution", command: "secret", output: "x", exitCode: 1, cancelled: false, truncated: true, fullOutputPath: "/l", timestamp: 4, excludeFromContext: true});
m.appendCustomEntry("state", {a: 1});
m.appendCustomMessageEntry("inject", "told", true, {d: 1});
m.appendCustomMessageEntry("inject", [{type:"text", text:"hidden"}], false);
m.appendLabelChange(u1, "mark"); m.appendSessionInfo("a name");
m.appendCompaction("SUM", kept, 1234, {readFiles: ["a"], modifiedFiles: []}, false);
const u2 = m.appendMessage({role: "user", content: [{type:"text", text:"four"}], timestamp: 5});
m.appendMessage(a("", {content: [], stopReason: "error", errorMessage: "500"}));
m.appendMessage(a("fi", {stopReason: "aborted"}));
if (newer) { m.appendUsage("cache_warm", "p", "m", usage, "note"); m.appendContextEdit(u2, {content: "four, edited"}); const u3 = m.appendMessage({role:"user", content:"gone", timestamp: 6}); m.appendContextEdit(u3, null);}
m.branch(u1); m.appendMessage(a("other branch"));
m.branchWithSummary(u2, "BRANCH", {readFiles: []}, false);
if (newer) { m.appendContextEdit(u2, {content: "four, edited"}); const u3 = m.appendMessage({role:"user", content:"gone", timestamp: 6}); m.appendContextEdit(u3, null);}
m.appendMessage({role: "user", content: "end", timestamp: 7});
m.appendMessage(a("bye"));
console.log(m.getSessionFile());
console.error(JSON.stringify(m.buildSessionContext()));
