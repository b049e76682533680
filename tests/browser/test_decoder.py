"""The camera's eye: hard frames of our tickets through the page's decoder in Chromium, and the camera's manners."""

import json
import random
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from hubevents.core.assets import Assets
from tests.browser import frames
from tests.browser.conftest import Live

PROMISED = 0.9
"""The share of all frames that is read (issue 3, "Done when" 4)."""
LOOKED_AT = """async (address) => {
  const { Eye, TURNS } = window.camera;
  const picture = await createImageBitmap(await (await fetch(address)).blob());
  const eye = new Eye();
  const [texts, times] = [[], []];
  while (texts.length < TURNS && !texts.at(-1)) {
    const began = performance.now();
    texts.push(await eye.look(window.decode, picture, picture.width, picture.height));
    times.push(performance.now() - began);
  }
  picture.close();
  return { text: texts.at(-1), times };
}"""
"""One round of looks, which the page takes in two thirds of a second; a hand holds a ticket there for longer."""


@pytest.fixture
def door_page(live: Live, page: Page) -> Page:
    """A page with the door's rights, the camera's module as `window.camera` and its decoder as `window.decode`."""
    assets: Assets = live.app.extensions["assets"]
    page.goto(live.url("/door/none/"))  # says that it is no door, and has the CSP of one
    urls = [assets.url(name) for name in ("door/camera.js", "zxing-reader.js", "zxing-reader.wasm")]
    page.evaluate(
        """async ([camera, reader, wasm]) => {
          window.camera = await import(camera);
          window.decode = await window.camera.loadDecoder(reader, wasm);
          await window.decode(new ImageData(64, 64));
        }""",
        urls,
    )
    return page


@dataclass
class Seen:
    """What became of the frames of a class."""

    read: int = 0
    total: int = 0
    turns: int = 0
    missed: str = ""


@pytest.mark.slow
def test_d65_hard_frames_are_read_and_none_is_misread(
    door_page: Page, capsys: pytest.CaptureFixture[str], record_property: Any
) -> None:
    held: dict[str, bytes] = {}
    door_page.route("**/frames/*.jpg", lambda route: _give(route, held))
    classes: dict[str, Seen] = {}
    times: list[float] = []
    misread = []
    for frame in frames.all_frames():
        held[frame.name] = frame.jpeg
        seen = classes.setdefault(frame.kind, Seen())
        found = door_page.evaluate(LOOKED_AT, f"/frames/{frame.name}.jpg")
        times += found["times"]
        seen.total += 1
        if found["text"] == frame.text:
            seen.read += 1
            seen.turns += len(found["times"])
        elif found["text"]:
            misread.append((frame.name, found["text"]))
        else:
            seen.missed += f" {frame.number}"
        held.clear()
    total = sum(each.total for each in classes.values())
    read = sum(each.read for each in classes.values())
    table = _table(classes, read, total, times)
    record_property("decoder", table)
    with capsys.disabled():
        print("\n" + table)
    assert misread == []
    assert total >= 60
    assert read >= PROMISED * total, table
    assert statistics.median(times) < 100, table  # about 6 ms on two quiet cores


def _give(route: Route, held: dict[str, bytes]) -> None:
    name = route.request.url.rpartition("/")[2].removesuffix(".jpg")
    route.fulfill(body=held[name], content_type="image/jpeg")


def _table(classes: dict[str, Seen], read: int, total: int, times: list[float]) -> str:
    lines = [
        f"  {kind:24} {seen.read:3}/{seen.total:<3} looks {seen.turns / max(1, seen.read):.1f}"
        + (f"  missed{seen.missed}" if seen.missed else "")
        for kind, seen in classes.items()
    ]
    slow = sorted(times)[int(0.95 * len(times))]
    middle = statistics.median(times)
    last = f"  all {read}/{total} = {100 * read / total:.0f} %, a look {middle:.0f} ms, p95 {slow:.0f} ms"
    return "\n".join(["Frames read by the door's decoder:", *lines, last])


def test_the_frames_are_the_same_on_every_machine() -> None:
    """The set must not depend on the hour or on what ran before."""
    first, again = ([(each.name, each.text, each.jpeg) for each in _some()] for _turn in range(2))
    assert first == again


def _some() -> Iterator[frames.Frame]:
    for number, frame in zip(range(3), frames.all_frames(), strict=False):
        assert number < 3
        yield frame


def test_desks_without_a_ticket_are_read_as_nothing(door_page: Page) -> None:
    held = {}
    door_page.route("**/frames/*.jpg", lambda route: _give(route, held))
    for number in range(4):
        shot = frames.Shot(random.Random(number))
        held[str(number)] = frames.developed(frames.desk(shot.size, shot.rng), shot)
        found = door_page.evaluate(LOOKED_AT, f"/frames/{number}.jpg")
        assert (found["text"], len(found["times"])) == (None, 4)


# --- the camera ------------------------------------------------------------------------------------------------------

STAGE = """(options) => {
  const asked = (window.asked = []);
  const lit = (window.lit = []);
  window.streams = [];
  const devices = ["front", "back", "wide"].map((deviceId) => ({ kind: "videoinput", deviceId, label: deviceId }));
  const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
  setInterval(() => canvas.getContext("2d").fillRect(0, 0, 9, 9), 30); // a canvas that rests sends nothing
  window.answer = null;
  navigator.mediaDevices.getUserMedia = async ({ video }) => {
    asked.push(video);
    if (options.slow) await new Promise((resolve) => (window.answer = resolve));
    const stream = canvas.captureStream(10);
    const track = stream.getVideoTracks()[0];
    const id = video.deviceId?.ideal ?? (video.facingMode.ideal === "user" ? "front" : "back");
    track.getSettings = () => ({ deviceId: id });
    track.getCapabilities = () => ({ torch: true });
    track.applyConstraints = async (wish) => void lit.push(wish.advanced[0].torch && track.readyState === "live");
    window.streams.push(stream);
    return stream;
  };
  navigator.mediaDevices.enumerateDevices = async () => devices;
  const video = document.createElement("video");
  video.muted = true;
  document.body.append(video);
  window.told = [];
  window.make = (facing) => new window.camera.Camera(video, {
    seen: (text) => window.told.push(["seen", text]),
    trouble: (what) => window.told.push(["trouble", what]),
    ready: (cameras, torch) => window.told.push(["ready", cameras, torch]),
  }, ...(facing ? [{ facing }] : []));
  const tracks = () => window.streams.flatMap((stream) => stream.getTracks());
  window.live = () => tracks().filter((track) => track.readyState === "live").length;
}"""


@pytest.fixture
def stage(door_page: Page) -> Page:
    """A page with three cameras of paper and `make(facing)`."""
    door_page.evaluate(STAGE, {"slow": False})
    return door_page


def asked(page: Page) -> list[Any]:
    found = page.evaluate("() => window.asked.map(({ deviceId, facingMode }) => (deviceId ?? facingMode).ideal)")
    return list(found)


def test_d64_the_camera_at_the_back_is_asked_for_and_another_is_remembered(stage: Page) -> None:
    stage.evaluate("async () => { window.one = make(); await one.start(); await one.other(); one.stop(); }")
    assert asked(stage) == ["environment", "wide"]
    stage.evaluate("async () => { window.next = make(); await next.start(); next.stop(); }")
    assert asked(stage)[2:] == ["wide"]
    assert stage.evaluate("() => window.told") == [["ready", 3, True]] * 3
    assert stage.evaluate("() => window.live()") == 0


def test_d72_a_kiosk_looks_to_the_front_and_remembers_for_itself(stage: Page) -> None:
    stage.evaluate("async () => { window.one = make('user'); await one.start(); await one.other(); one.stop(); }")
    assert asked(stage) == ["user", "back"]
    stage.evaluate(
        """async () => {
          for (const facing of [undefined, 'user']) {
            const it = make(facing);
            await it.start();
            it.stop();
          }
        }"""
    )
    assert asked(stage)[2:] == ["environment", "back"]


def test_d64_the_light_goes_out_before_the_camera_is_given_back(stage: Page) -> None:
    stage.evaluate("async () => { window.one = make(); await one.start(); await one.switchTorch(); }")
    assert stage.evaluate("() => [window.lit, window.one.torch]") == [[True], True]
    stage.evaluate("async () => { one.stop(); }")
    assert stage.evaluate("() => [window.lit, window.one.torch, window.live()]") == [[True, False], False, 0]
    stage.evaluate("async () => { await one.start(); one.stop(); }")
    assert stage.evaluate("() => window.lit") == [True, False]


def test_d67_a_camera_that_was_left_while_the_browser_asked_does_not_run(door_page: Page) -> None:
    door_page.evaluate(STAGE, {"slow": True})
    door_page.evaluate("() => { window.one = make(); window.going = one.start(); }")
    door_page.evaluate("async () => { one.stop(); window.answer(); await going; }")
    assert door_page.evaluate("() => [window.live(), window.told, one.stream]") == [0, [], None]
    # Left and come back before the answer: one question, and the camera runs.
    door_page.evaluate("() => { window.going = one.start(); one.stop(); void one.start(); }")
    door_page.evaluate("async () => { window.answer(); await going; }")
    assert door_page.evaluate("() => [window.asked.length, window.live(), window.told]") == [2, 1, [["ready", 3, True]]]


def test_d63_a_camera_that_is_taken_away_says_so_and_one_given_back_does_not(stage: Page) -> None:
    stage.evaluate(
        """async () => {
          window.one = make();
          await one.start();
          const track = one.track();
          one.stop();
          track.dispatchEvent(new Event("ended"));
        }"""
    )
    assert stage.evaluate("() => window.told") == [["ready", 3, True]]
    stage.evaluate("async () => { await one.start(); one.track().dispatchEvent(new Event('ended')); }")
    assert stage.evaluate("() => window.told").pop() == ["trouble", "busy"]


def test_d73_frames_are_looked_at_in_peace_and_not_while_nobody_sees_the_page(stage: Page) -> None:
    stage.evaluate(
        """async () => {
          window.looks = 0;
          window.one = make();
          one.decode = async () => { window.looks += 1; return null; };
          await one.start();
        }"""
    )
    stage.wait_for_timeout(1_000)
    looks = stage.evaluate("() => window.looks")
    assert 1 <= looks <= 12
    stage.evaluate("() => Object.defineProperty(document, 'hidden', { configurable: true, value: true })")
    stage.wait_for_timeout(200)
    before = stage.evaluate("() => window.looks")
    stage.wait_for_timeout(500)
    assert stage.evaluate("() => window.looks") == before
    stage.evaluate("() => { delete document.hidden; one.stop(); }")
    stage.wait_for_timeout(300)
    after = stage.evaluate("() => window.looks")
    stage.wait_for_timeout(300)
    assert stage.evaluate("() => window.looks") == after


def test_a_photo_is_looked_at_in_every_way_too(door_page: Page) -> None:
    """The raster of a screen that the first look at a photo does not read."""
    held = {f.name: f for f in frames.all_frames(only={"screen moire", "inverted"})}
    door_page.route("**/frames/*.jpg", lambda route: _give(route, {name: f.jpeg for name, f in held.items()}))
    names = json.dumps(list(held))
    found = door_page.evaluate(
        f"""async () => Object.fromEntries(await Promise.all({names}.map(async (name) =>
          [name, await window.decode(await (await fetch(`/frames/${{name}}.jpg`)).blob())])))"""
    )
    assert {name: text for name, text in found.items() if text not in (held[name].text, None)} == {}
    assert sum(text is not None for text in found.values()) >= PROMISED * len(held)


def test_d73_a_thousand_frames_leave_the_memory_flat(door_page: Page) -> None:
    held = {f.name: f.jpeg for f in frames.all_frames(only={"held straight"})}
    door_page.route("**/frames/*.jpg", lambda route: _give(route, held))
    tools = door_page.context.new_cdp_session(door_page)
    door_page.evaluate(
        """async (names) => {
          window.eye = new window.camera.Eye();
          const load = async (name) => createImageBitmap(await (await fetch(`/frames/${name}.jpg`)).blob());
          window.pictures = await Promise.all(names.map(load));
          window.round = async (count) => {
            for (let at = 0; at < count; at += 1) {
              const picture = pictures[at % pictures.length];
              eye.turn = at;
              await eye.look(window.decode, picture, picture.width, picture.height);
            }
          };
        }""",
        list(held),
    )

    def used() -> tuple[int, int]:
        tools.send("HeapProfiler.collectGarbage")
        heap = tools.send("Runtime.getHeapUsage")
        return heap["usedSize"], heap.get("backingStorageSize", 0)

    door_page.evaluate("() => round(100)")
    before = used()
    door_page.evaluate("() => round(1000)")
    after = used()
    assert after[0] - before[0] < 2_000_000
    assert after[1] - before[1] < 8_000_000
    side = door_page.evaluate("() => [eye.canvas.width, eye.canvas.height]")
    assert max(side) <= 960
