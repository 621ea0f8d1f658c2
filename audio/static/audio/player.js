/* The player of a note: a map of when somebody speaks, and the words that filled a field are heard at a click. Without this file the
   browser's own player does it. `#t=12.3` in the address begins there. */

function enhance() {
  for (const box of document.querySelectorAll("[data-player]:not([data-enhanced])")) new Player(box);
}

class Player {
  constructor(box) {
    box.dataset.enhanced = "true";
    this.box = box;
    this.audio = box.querySelector("audio");
    this.button = box.querySelector("[data-act=play]");
    this.range = box.querySelector("input[type=range]");
    this.bars = [...box.querySelectorAll("rect")];
    this.seconds = Number(box.dataset.seconds);
    this.listen();
    for (const part of [this.button, this.range.closest(".track"), box.querySelector("[data-part=time]")]) part.hidden = false;
    this.audio.hidden = true;
    this.show();
  }

  listen() {
    this.button.addEventListener("click", () => (this.audio.paused ? this.play() : this.audio.pause()));
    this.range.addEventListener("input", () => this.seek(Number(this.range.value)));
    for (const name of ["play", "pause", "timeupdate", "ended", "seeked"]) this.audio.addEventListener(name, () => this.show());
    this.audio.addEventListener("durationchange", () => this.measure());
    this.audio.addEventListener("error", () => this.giveUp());
    document.addEventListener("click", (event) => {
      const mark = this.box.isConnected && event.target.closest("mark[data-seek]");
      if (mark) this.hear(Number(mark.dataset.seek));
    });
    const at = Number(location.hash.match(/^#t=([\d.]+)$/)?.[1] ?? NaN);
    if (at >= 0) this.seek(at);
  }

  /* What the server has not measured yet, the browser does. */
  measure() {
    if (this.seconds || !Number.isFinite(this.audio.duration)) return;
    this.seconds = this.audio.duration;
    this.range.max = this.seconds;
    this.show();
  }

  play() { this.audio.play().catch(() => this.giveUp()); }

  hear(second) {
    this.seek(second);
    this.play();
  }

  seek(second) {
    const go = () => { this.audio.currentTime = second; };
    if (this.audio.readyState) go();
    else this.audio.addEventListener("loadedmetadata", go, { once: true });
    this.show(second);
  }

  show(second = this.audio.currentTime) {
    const { play, pause } = this.box.dataset;
    this.button.setAttribute("aria-label", this.audio.paused ? play : pause);
    this.button.querySelector("use").setAttribute("href", this.audio.paused ? "#i-play" : "#i-pause");
    if (document.activeElement !== this.range || !this.audio.paused) this.range.value = second;
    this.range.setAttribute("aria-valuetext", clock(second));
    this.box.querySelector("[data-part=time]").textContent = second ? `${clock(second)} / ${clock(this.seconds)}` : clock(this.seconds);
    for (const bar of this.bars) bar.classList.toggle("heard", second > 0 && Number(bar.dataset.second ?? 0) <= second);
    const line = this.box.querySelector("line");
    const x = this.seconds ? `${(100 * second) / this.seconds}%` : "0";
    for (const end of ["x1", "x2"]) line.setAttribute(end, x);
    line.setAttribute("visibility", second > 0 ? "visible" : "hidden");
  }

  /* The browser cannot play it our way: perhaps its own player says why. */
  giveUp() {
    this.audio.hidden = false;
    this.button.hidden = this.range.closest(".track").hidden = true;
  }
}

function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

document.addEventListener("region:shown", enhance);
enhance();
