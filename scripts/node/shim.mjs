// Stands for the established program's cli.js: starts ours on the same pipes.
import { spawn } from "node:child_process";

const child = spawn(process.env.PI_UNDER_TEST, process.argv.slice(2), { stdio: "inherit" });
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? (signal ? 128 : 0)));
