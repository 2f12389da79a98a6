/** Starts the page, and the service worker of a built one. */
import "./styles/base.css";
import "./styles/print.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { holdIdleButtons } from "./app/idle-buttons.ts";
import { lab } from "./app/lab.svelte.ts";
import { applySettings } from "./app/settings.ts";

applySettings(lab.settings);
holdIdleButtons();
lab.start();
const target = document.getElementById("app");
if (target !== null) mount(App, { target });
if (import.meta.env.MODE === "production" && "serviceWorker" in navigator && location.protocol.startsWith("http")) {
  // Afterwards: it fetches every file, and the first screen goes first.
  addEventListener("load", () => void navigator.serviceWorker.register("./service-worker.js").catch(() => undefined));
}
