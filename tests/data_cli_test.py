"""Data sets as a user meets them: downloads from a server that misbehaves, sheets, figures, and training on files.

Usage: data_cli_test.py PACT_BINARY DRAW_PHOTOS [unittest arguments]. Needs no network: the server is a thread.
"""

import gzip
import hashlib
import http.server
import io
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest
from pathlib import Path

PACT = DRAW = None


class Handler(http.server.BaseHTTPRequestHandler):
    """Files of server.files (name -> bytes), with Range unless told otherwise; server.log gets what was asked for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        name, server = self.path.rsplit("/", 1)[-1], self.server
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        server.log.append((name, int(wanted.group(1)) if wanted else None))
        if name not in server.files:
            return self.send_error(404)
        data, first = server.files[name], 0
        if wanted and server.ranges:
            first = int(wanted.group(1))
            if first >= len(data):
                return self.send_error(416)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(200)
        body = data[first:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if server.cuts > 0:  # breaks off in the middle
            server.cuts -= 1
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.close_connection = True
            return self.connection.shutdown(2)
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Case(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="pact-data-")
        self.dir = Path(self._folder.name)

    def tearDown(self):
        self._folder.cleanup()

    def pact(self, *arguments, code=0, says=()):
        result = subprocess.run([PACT, *map(str, arguments)], capture_output=True, text=True, timeout=240, cwd=self.dir)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertNotIn("internal error", result.stderr)
        for word in says:
            self.assertIn(word, result.stderr)
        return result

    def photos(self, folder, classes=3, images=10, height=48, width=64):
        subprocess.run([DRAW, str(folder), *map(str, (classes, images, height, width))], check=True)
        return folder


class Get(Case):
    def setUp(self):
        super().setUp()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.files, self.server.log, self.server.cuts, self.server.ranges = {}, [], 0, True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/files"
        record = bytes([3]) + bytes(range(256)) * 12
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as tar:
            for name in [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]:
                entry = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
                entry.size = 4 * len(record)
                tar.addfile(entry, io.BytesIO(record * 4))
        self.put("set.tar.gz", archive.getvalue(), unpacks_to="cifar-10-batches-bin")

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()
        super().tearDown()

    def put(self, name, data, **extra):
        """Serves `data`; the description that pact finds in the working folder has its checksum."""
        self.data = self.server.files[name] = data
        file = {"name": name, "md5": hashlib.md5(data).hexdigest(), **extra}
        sets = {"cifar10": {"title": "T", "set": "cifar10", "base": self.url, "source": "S", "terms": "none", "files": [file]}}
        (self.dir / "configs").mkdir(exist_ok=True)
        (self.dir / "configs/datasets.json").write_text(json.dumps(sets))
        self.target = self.dir / "data/cifar10" / name
        self.part = Path(f"{self.target}.part")

    def begin(self, data):
        self.part.parent.mkdir(parents=True)
        self.part.write_bytes(data)

    def test_downloads_checks_and_unpacks(self):
        result = json.loads(self.pact("data", "get", "cifar10", "--json").stdout)
        self.assertEqual(result["files"], [{"name": "set.tar.gz", "state": "downloaded", "checked": "md5"}])
        self.assertEqual(result["data"], "cifar10:data/cifar10")
        self.assertEqual(self.target.read_bytes(), self.data)
        info = json.loads(self.pact("data", "info", result["data"], "--json").stdout)
        self.assertEqual(info["parts"]["train"]["images"], 20)
        self.assertEqual(sorted(p.name for p in (self.dir / "data/cifar10").iterdir()), ["cifar-10-batches-bin", "set.tar.gz"])
        asked = len(self.server.log)
        self.assertIn("was there", self.pact("data", "get", "cifar10").stdout)
        self.target.unlink()  # the unpacked folder is enough
        self.pact("data", "get", "cifar10")
        self.assertEqual(len(self.server.log), asked)

    def test_from_another_server_into_another_folder(self):
        description = self.dir / "configs/datasets.json"
        description.write_text(description.read_text().replace(self.url, "http://127.0.0.1:9/nowhere"))
        self.pact("data", "get", "cifar10", code=1, says=["127.0.0.1:9/nowhere/set.tar.gz", "cannot be downloaded"])
        self.pact("data", "get", "cifar10", "--from", self.url + "/", "--out", "here")
        self.assertTrue((self.dir / "here/cifar-10-batches-bin/test_batch.bin").exists())

    def test_goes_on_where_it_ended(self):
        half = len(self.data) // 2
        self.begin(self.data[:half])
        self.pact("data", "get", "cifar10")
        self.assertEqual(self.server.log, [("set.tar.gz", half)])
        self.assertEqual(self.target.read_bytes(), self.data)
        self.assertFalse(self.part.exists())

    def test_a_broken_connection_is_taken_up_again(self):
        self.server.cuts = 1
        self.pact("data", "get", "cifar10")
        self.assertEqual(self.server.log, [("set.tar.gz", None), ("set.tar.gz", len(self.data) // 2)])

    def test_a_server_that_breaks_off_again_and_again(self):
        self.server.cuts = 3
        self.pact("data", "get", "cifar10", code=1, says=["cannot be downloaded", "bytes are kept"])
        self.assertFalse(self.target.exists())
        kept = self.part.stat().st_size
        self.assertGreater(kept, len(self.data) // 2)
        self.pact("data", "get", "cifar10")
        self.assertEqual(self.server.log[-1], ("set.tar.gz", kept))
        self.assertEqual(self.target.read_bytes(), self.data)

    def test_a_server_without_ranges_sends_all_again(self):
        self.server.ranges = False
        self.begin(self.data[:100])
        self.pact("data", "get", "cifar10")
        self.assertEqual(self.target.read_bytes(), self.data)

    def test_wrong_bytes_are_found_and_removed(self):
        self.server.files["set.tar.gz"] = self.data[:-1] + b"x"
        self.pact("data", "get", "cifar10", code=1, says=["its md5 is", "which should be", "is removed"])
        self.assertEqual(list((self.dir / "data/cifar10").iterdir()), [])
        self.server.files["set.tar.gz"] = self.data[: len(self.data) // 3]  # whole to the server, cut off to us
        self.pact("data", "get", "cifar10", code=1, says=["its md5 is"])
        self.target.write_bytes(b"something else")
        self.pact("data", "get", "cifar10", code=1, says=["remove it to download it again"])
        self.assertEqual(self.target.read_bytes(), b"something else")

    def test_a_finished_or_foreign_part(self):
        self.begin(self.data)  # killed between the last byte and the renaming
        self.pact("data", "get", "cifar10")
        shutil.rmtree(self.dir / "data")
        self.begin(self.data + b"more than there is")
        self.pact("data", "get", "cifar10", code=1, says=["its md5 is"])
        self.pact("data", "get", "cifar10")

    def test_missing_files_and_names(self):
        del self.server.files["set.tar.gz"]
        self.pact("data", "get", "cifar10", code=1, says=["404", self.url + "/set.tar.gz"])
        self.assertEqual(list((self.dir / "data/cifar10").iterdir()), [])
        self.pact("data", "get", "cifar01", code=1, says=["did you mean 'cifar10'"])
        self.pact("data", "get", code=2)
        (self.dir / "file").write_text("x")
        self.pact("data", "get", "cifar10", "--out", "file", code=1, says=["file"])

    def test_archives_that_cannot_be_unpacked(self):
        self.put("set.tar.gz", b"no archive", unpacks_to="cifar-10-batches-bin")
        self.pact("data", "get", "cifar10", code=1, says=["set.tar.gz: is a damaged archive"])
        self.assertFalse((self.dir / "data/cifar10/cifar-10-batches-bin").exists())

    def test_list(self):
        listed = json.loads(self.pact("data", "list", "--json").stdout)
        self.assertIn("folder", [entry["name"] for entry in listed["sets"]])
        self.assertEqual([entry["name"] for entry in listed["downloads"]], ["cifar10"])


class Look(Case):
    def test_sheet(self):
        folder, sheet = self.photos(self.dir / "photos"), self.dir / "sheet.png"
        result = json.loads(self.pact("data", "show", f"folder:{folder},size=32", "-o", sheet, "--count", 9, "--json").stdout)
        self.assertEqual(len(result["images"]), 9)
        for image in result["images"]:
            self.assertEqual(image["class"], Path(image["path"]).parent.name)
        width, height = struct.unpack(">II", sheet.read_bytes()[16:24])
        self.assertEqual((width, height), (result["width"], result["height"]))
        plain = sheet.read_bytes()
        for other in (["--seed", 2], ["--split", "test"], ["--augmented"]):
            self.pact("data", "show", f"folder:{folder},size=32", "-o", sheet, "--count", 6, *other)
            self.assertNotEqual(sheet.read_bytes(), plain)
        self.pact("data", "show", "shapes:train=40,test=40", "-o", sheet, "--augmented")

    def test_info(self):
        folder = self.photos(self.dir / "photos")
        info = json.loads(self.pact("data", "info", f"folder:{folder},size=32", "--json").stdout)
        self.assertEqual(info["image"], [32, 32, 3])
        self.assertEqual(info["parts"]["train"]["of_class"], [8, 8, 8])
        self.assertEqual(info["parts"]["test"]["images"], 6)
        self.assertTrue(all(40 < mean < 200 for mean in info["parts"]["train"]["mean"]))
        self.assertRegex(self.pact("data", "info", "shapes:train=20,test=10").stdout, r"hourglass +2 +1\n")

    def test_pictures_that_are_not_read_are_counted(self):
        folder = self.photos(self.dir / "photos")
        for name in ("c0/a.webp", "c1/b.WEBP", "c1/c.gif", "c1/notes.txt", "c1/.hidden.gif"):
            (folder / name).write_bytes(b"x")
        info = self.pact("data", "info", f"folder:{folder},size=32", "--json")
        self.assertEqual(info.stderr.count("1 .gif, 2 .webp;"), 1, info.stderr)
        self.assertEqual(sum(part["images"] for part in json.loads(info.stdout)["parts"].values()), 30)

    def test_damaged_images_are_all_named(self):
        folder = self.photos(self.dir / "photos")
        for name in ("c0/1.jpg", "c2/5.jpg"):  # damage in the middle, which their headers do not show
            data = (folder / name).read_bytes()
            (folder / name).write_bytes(data[: len(data) // 2] + data[len(data) * 3 // 4 :])
        self.pact("data", "info", f"folder:{folder},size=32,split=0.1", code=1, says=["2 of 27 images", "c0/1.jpg", "c2/5.jpg"])
        both = self.pact("data", "info", f"folder:{folder},size=32,split=0.5", code=1, says=["c0/1.jpg", "c2/5.jpg"]).stderr
        self.assertIn("images cannot be read", both)
        info = self.pact("data", "info", f"folder:{folder},size=32,split=0.1,damaged=skip", "--json")
        self.assertIn("2 of 27 images are damaged and left out", info.stderr)
        self.assertEqual(json.loads(info.stdout)["parts"]["train"]["images"], 25)

    def test_bad_input(self):
        sheet = self.dir / "sheet.png"
        self.pact("data", "show", "folder:/nowhere", "-o", sheet, code=1, says=["/nowhere"])
        self.pact("data", "show", "shapes", "-o", sheet, "--split", "val", code=2, says=["train, test"])
        self.pact("data", "show", "shapes:train=9", "-o", self.dir / "none/x.png", code=1, says=["none/x.png"])
        self.pact("data", "show", "shapes", code=2)
        self.pact("data", "show", "shapes", "-o", sheet, "--count", 0, code=2)
        self.pact("data", code=2)
        self.assertFalse(sheet.exists())
        photo = next(self.photos(self.dir / "photos").rglob("*.jpg"))
        before = photo.read_bytes()
        self.pact("data", "show", f"folder:{self.dir / 'photos'},size=32", "-o", photo, code=1, says=["PNG picture"])
        self.assertEqual(photo.read_bytes(), before)


def tensors(path):
    data = path.read_bytes()
    return data[8 + struct.unpack("<Q", data[:8])[0] :]


class Train(Case):
    def train(self, spec, name, *arguments, epochs=1):
        run = self.dir / name
        self.pact("train", "resnet8", "--data", spec, "--epochs", epochs, "--batch", 8, "--schedule", "one-cycle",
                  "--weights", 4, "--activations", 4, "--out", run, *arguments)
        return run

    def test_a_folder_of_jpeg_files(self):
        folder = self.photos(self.dir / "photos")
        run = self.train(f"folder:{folder},size=32", "run")
        for engine in ("float", "int", "reference"):
            result = json.loads(self.pact("eval", run, "--engine", engine, "--json").stdout)
            self.assertEqual(result["images"], 6)
        self.pact("export", run, "-o", self.dir / "run.pact")
        photo = self.photos(self.dir / "small", 2, 2, 32, 32) / "c0/0.jpg"
        guesses = json.loads(self.pact("run", self.dir / "run.pact", photo, "--json").stdout)["images"][0]["guesses"]
        self.assertEqual({guess["name"] for guess in guesses}, {"c0", "c1", "c2"})
        (folder / "c1/0.jpg").write_bytes(b"")
        self.pact("eval", run, "--data", f"folder:{folder},size=32,split=0.9", code=1, says=["c1/0.jpg: is empty"])
        self.pact("eval", run, "--data", f"folder:{folder},size=64,damaged=skip", code=1, says=["64", "32"])

    def test_resuming_gives_the_same_bits(self):
        spec = f"folder:{self.photos(self.dir / 'photos')},size=32,scale=0.2"
        options = ["--checkpoint-steps", 1, "--loader-threads", 2]
        reference = self.train(spec, "undisturbed", *options, epochs=4)
        run = self.dir / "killed"
        process = subprocess.Popen([PACT, "train", "resnet8", "--data", spec, "--epochs", "4", "--batch", "8", "--schedule",
                                    "one-cycle", "--weights", "4", "--activations", "4", "--out", str(run),
                                    *map(str, options)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (run / "last.safetensors").exists():
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.pact("train", "--resume", "--out", run)
        self.assertEqual(tensors(run / "last.safetensors"), tensors(reference / "last.safetensors"))

    def test_grey_images(self):
        folder = self.dir / "mnist"
        folder.mkdir()
        idx = lambda shape, data: struct.pack(">HBB", 0, 8, len(shape)) + struct.pack(f">{len(shape)}I", *shape) + data
        for part, count in (("train", 40), ("t10k", 20)):
            pixels = b"".join(bytes((17 * i % 10 * (x // 28 + x % 28)) % 256 for x in range(784)) for i in range(count))
            (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx([count, 28, 28], pixels)))
            (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx([count], bytes(i % 10 for i in range(count))))
        run = self.train(f"fashion_mnist:{folder}", "grey", "--crop-pad", 2)
        ints = self.dir / "ints.txt"
        reference = self.dir / "reference.txt"
        self.pact("eval", run, "--engine", "int", "--predictions", ints)
        self.pact("eval", run, "--engine", "reference", "--predictions", reference)
        self.assertEqual(ints.read_text(), reference.read_text())
        self.assertIn("conv", self.pact("inspect", run).stdout)
        self.pact("train", "--resume", "--out", run)
        self.pact("eval", self.train(f"mnist:{folder},size=32,channels=3,train=16,test=4", "colour"), "--engine", "int")

    def test_real_fashion_mnist(self):
        data = Path(os.environ.get("PACT_DATA", "/none")) / "fashion_mnist"
        if not data.is_dir():
            self.skipTest("needs Fashion-MNIST: set PACT_DATA to the folder that holds fashion_mnist/ (see docs/data.md)")
        run = self.train(f"fashion_mnist:{data},train=1024,test=300", "fashion", "--rate", "0.05", epochs=2)
        result = json.loads(self.pact("eval", run, "--engine", "int", "--json").stdout)
        self.assertEqual(result["images"], 300)
        self.assertGreater(result["top1"], 40)


if __name__ == "__main__":
    PACT, DRAW = (str(Path(sys.argv.pop(1)).resolve()) for _ in range(2))
    unittest.main(verbosity=2)
