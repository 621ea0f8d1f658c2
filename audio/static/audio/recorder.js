/* The recorder: speak, pause, listen, send. A chosen file goes the same way. Nothing that was recorded is lost by a failed sending:
   it stays here, may be tried again or kept as a file, and leaving the page asks first. Without this file the form sends a file. */

const KINDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const BITS_A_SECOND = 48_000;
const BARS = 48;
const QUIET = 0.012; // louder than that is somebody
const SILENT_SECONDS = 5;
const LAST_SECONDS = 60; // from here on, how long is left
const REFUSALS = { NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "absent", OverconstrainedError: "absent", NotReadableError: "busy", AbortError: "busy" };

class Recorder {
  constructor(root, form) {
    this.root = root;
    this.form = form;
    this.texts = root.dataset;
    this.most = Number(root.dataset.mostSeconds);
    this.drawMeter();
    this.dress();
    this.listen();
    this.enter("idle");
  }

  /* ── What is seen ── */

  part(name) { return this.root.querySelector(`[data-part=${name}]`); }
  button(name) { return this.root.querySelector(`[data-act=${name}]`); }

  /* The form stays for its file and its language; the script sends. */
  dress() {
    this.root.hidden = false;
    for (const plain of this.form.querySelectorAll("[data-plain]")) plain.hidden = true;
    this.file = this.form.elements.file;
  }

  enter(state, problem = "") {
    this.state = state;
    this.root.dataset.state = state;
    const live = ["recording", "paused"].includes(state);
    for (const part of this.root.querySelectorAll("[data-in]")) part.hidden = !part.dataset.in.split(" ").includes(state);
    this.showBadge(state);
    this.part("meter").toggleAttribute("hidden", !live);
    this.part("time").hidden = ["idle", "sent", "asking"].includes(state);
    const toggle = this.button("toggle");
    toggle.hidden = !["idle", "asking", "sent"].includes(state) && !live;
    toggle.disabled = state === "asking";
    toggle.setAttribute("aria-label", live ? this.texts.stop : this.texts.start);
    toggle.querySelector("use").setAttribute("href", live ? "#i-stop" : "#i-mic");
    this.setWords("pause", state === "paused" ? "resume" : "pause");
    this.setWords("send", state === "failed" ? "again" : "send");
    this.hint(live ? this.texts.hintRecording : ["idle", "sent"].includes(state) ? this.texts.hintIdle : "");
    this.file.closest(".field").hidden = !["idle", "sent"].includes(state);
    const { language } = this.form.elements;
    language.closest(".field").hidden = language.options.length < 2 || live || state === "sending";
    this.complain(problem);
  }

  showBadge(state) {
    const badge = this.part("state");
    const tone = { recording: "is-error", sending: "is-running", failed: "is-unsure", review: "is-unsure", sent: "is-done" }[state] ?? "";
    badge.className = `badge ${tone}`;
    badge.textContent = this.texts[state];
  }

  setWords(name, which) {
    const words = this.button(name).querySelector("span");
    words.textContent = words.dataset[which];
  }

  hint(text) { this.part("hint").textContent = text; }

  complain(text) {
    const problem = this.part("problem");
    problem.hidden = !text;
    problem.querySelector("span").textContent = text;
  }

  showTime(seconds) {
    this.part("time").textContent = clock(seconds);
    const left = Math.ceil(this.most - seconds);
    if (this.state === "recording" && left <= LAST_SECONDS) this.hint(this.texts.left.replace("%s", clock(left)));
  }

  drawMeter() {
    const bars = Array.from({ length: BARS }, (_, place) => {
      const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      for (const [name, value] of Object.entries({ x: `${(100 * place) / BARS}%`, width: `${60 / BARS}%`, rx: 1 })) bar.setAttribute(name, value);
      return bar;
    });
    this.part("meter").replaceChildren(...bars);
    this.levels = Array(BARS).fill(0);
    this.showLevels();
  }

  showLevels() {
    [...this.part("meter").children].forEach((bar, place) => {
      const height = Math.max(6, Math.min(100, Math.sqrt(this.levels[place]) * 190));
      bar.setAttribute("height", `${height}%`);
      bar.setAttribute("y", `${(100 - height) / 2}%`);
    });
  }

  /* ── What is done ── */

  listen() {
    const acts = { toggle: () => this.toggle(), pause: () => this.pause(), discard: () => this.discard(), send: () => this.send(), "stop-sending": () => this.request?.abort() };
    for (const [name, act] of Object.entries(acts)) this.button(name).addEventListener("click", act);
    this.file.addEventListener("change", () => this.choose());
    this.form.addEventListener("submit", (event) => event.preventDefault()); // Enter in a field: the buttons above send
    addEventListener("beforeunload", (event) => { if (this.isUnsent) event.preventDefault(); });
    addEventListener("online", () => { if (this.state === "failed") this.send(); });
  }

  get isUnsent() { return ["recording", "paused", "review", "sending", "failed"].includes(this.state); }

  toggle() {
    if (["recording", "paused"].includes(this.state)) this.recorder.stop();
    else this.start();
  }

  async start() {
    const obstacle = !isSecureContext ? "insecure" : !navigator.mediaDevices?.getUserMedia || !window.MediaRecorder ? "unable" : "";
    if (obstacle) return this.enter("idle", this.texts[obstacle]);
    this.enter("asking");
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } });
    } catch (error) {
      return this.enter("idle", this.texts[REFUSALS[error.name] ?? "busy"]);
    }
    this.record();
  }

  record() {
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    this.recorder = new MediaRecorder(this.stream, { mimeType, audioBitsPerSecond: BITS_A_SECOND });
    this.chunks = [];
    this.ending = "";
    this.elapsed = 0;
    this.recorder.addEventListener("dataavailable", (event) => { if (event.data.size) this.chunks.push(event.data); });
    this.recorder.addEventListener("stop", () => this.finish());
    this.stream.getAudioTracks()[0].addEventListener("ended", () => this.unplug());
    this.recorder.start(1_000);
    this.measure();
    this.enter("recording");
    this.button("toggle").focus();
  }

  unplug() {
    if (this.recorder.state === "inactive") return;
    this.ending = this.texts.unplugged;
    this.recorder.stop();
  }

  pause() {
    if (this.state === "recording") this.recorder.pause();
    else this.recorder.resume();
    this.enter(this.state === "recording" ? "paused" : "recording");
  }

  /* How loud it is, and for how long already. */
  measure() {
    this.context = new AudioContext();
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 1024;
    this.context.createMediaStreamSource(this.stream).connect(analyser);
    this.samples = new Float32Array(analyser.fftSize);
    this.analyser = analyser;
    this.heardAt = 0;
    this.levels.fill(0);
    const slow = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.lastTick = performance.now();
    this.timer = setInterval(() => this.tick(), slow ? 500 : 70);
  }

  tick() {
    const now = performance.now();
    const passed = (now - this.lastTick) / 1_000;
    this.lastTick = now;
    if (this.state !== "recording") return;
    this.elapsed += passed;
    this.analyser.getFloatTimeDomainData(this.samples);
    const level = Math.sqrt(this.samples.reduce((sum, each) => sum + each * each, 0) / this.samples.length);
    this.levels = [...this.levels.slice(1), level];
    this.showLevels();
    this.showTime(this.elapsed);
    if (level > QUIET) this.heardAt = this.elapsed;
    this.complain(this.elapsed - this.heardAt > SILENT_SECONDS ? this.texts.silent : "");
    if (this.elapsed >= this.most - 1) this.endAtLimit();
  }

  endAtLimit() {
    this.ending = this.texts.full;
    this.recorder.stop();
  }

  finish() {
    clearInterval(this.timer);
    for (const track of this.stream.getTracks()) track.stop();
    this.context.close();
    const recording = new Blob(this.chunks, { type: this.recorder.mimeType.split(";")[0] });
    this.chunks = [];
    if (!recording.size) return this.enter("idle", this.texts.nothing);
    this.review(recording, `note.${this.recorder.mimeType.includes("mp4") ? "m4a" : this.recorder.mimeType.includes("ogg") ? "ogg" : "webm"}`, this.elapsed);
    this.complain(this.ending);
  }

  choose() {
    const [file] = this.file.files;
    if (!file) return;
    const problem = file.size > Number(this.texts.mostBytes) ? this.texts.tooLarge : file.size ? "" : this.texts.empty;
    if (problem) {
      this.file.value = "";
      return this.enter("idle", problem);
    }
    this.review(file, file.name);
  }

  review(recording, name, seconds) {
    Object.assign(this, { recording, name, key: newKey() });
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = URL.createObjectURL(recording);
    const player = this.part("listen");
    player.src = this.address;
    const save = this.part("save");
    save.href = this.address;
    save.download = name;
    this.enter("review");
    if (seconds === undefined) player.addEventListener("loadedmetadata", () => Number.isFinite(player.duration) && this.showTime(player.duration), { once: true });
    this.showTime(seconds ?? 0);
    this.part("time").hidden = seconds === undefined && !Number.isFinite(player.duration);
    this.button("send").focus();
  }

  discard() {
    this.forget();
    this.enter("idle");
    this.button("toggle").focus();
  }

  forget() {
    this.part("listen").pause();
    this.part("listen").removeAttribute("src");
    if (this.address) URL.revokeObjectURL(this.address);
    this.file.value = "";
    this.recording = this.address = null;
  }

  /* ── Sending ── */

  send() {
    this.part("listen").pause();
    this.enter("sending");
    const request = new XMLHttpRequest(); // fetch does not say how much has been sent
    this.request = request;
    request.open("POST", this.texts.upload);
    request.setRequestHeader("X-CSRFToken", this.form.elements.csrfmiddlewaretoken.value);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Accept-Language", document.documentElement.lang);
    request.setRequestHeader("Idempotency-Key", this.key);
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) this.part("bar").value = (100 * event.loaded) / event.total; });
    request.addEventListener("load", () => this.hear(request));
    request.addEventListener("error", () => this.enter("failed", navigator.onLine ? this.texts.down : this.texts.lost));
    request.addEventListener("abort", () => this.enter("review"));
    this.part("bar").value = 0;
    request.send(this.body());
  }

  body() {
    const body = new FormData();
    body.set("file", this.recording, this.name);
    body.set("language", this.form.elements.language.value);
    const client = this.form.elements.client?.value;
    if (client) body.set("client", client);
    return body;
  }

  hear(request) {
    const answer = parse(request.responseText);
    if (request.status === 202) return this.arrive(answer);
    if (request.status === 401 || request.status === 403) return this.renew(answer);
    const wait = Math.ceil(Number(request.getResponseHeader("Retry-After") ?? 60));
    if (request.status === 429) return this.enter("failed", this.texts.often.replace("%s", wait));
    if (request.status >= 500 || !answer) return this.enter("failed", this.texts.down);
    this.enter("failed", Object.values(answer).flat().join(" "));
    this.button("send").hidden = [400, 413].includes(request.status); // the same recording is refused again
    this.button("discard").focus();
  }

  /* Whoever logs in again in another tab gets a new token: this page takes it over. */
  async renew() {
    const page = await fetch(location.href, { credentials: "same-origin" }).then((response) => response.text(), () => "");
    const token = new DOMParser().parseFromString(page, "text/html").querySelector("#recording [name=csrfmiddlewaretoken]")?.value;
    const isNew = token && token !== this.form.elements.csrfmiddlewaretoken.value && !this.renewed;
    this.renewed = true;
    if (!isNew) return this.enter("failed", this.texts.expired);
    this.form.elements.csrfmiddlewaretoken.value = token;
    this.send();
  }

  arrive(answer) {
    this.renewed = false;
    this.forget();
    this.enter("sent");
    this.button("toggle").focus();
    document.dispatchEvent(new CustomEvent("note:sent", { detail: answer }));
  }
}

function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/* The same recording sent twice is one note. */
function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a proxy's own page
  }
}

const root = document.getElementById("recorder");
if (root) new Recorder(root, document.getElementById("recording"));
