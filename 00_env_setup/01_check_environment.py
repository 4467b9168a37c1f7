"""00.1  Check the environment

What you will learn: which parts a Python installation for machine learning is made of, how to ask
  each of them whether it works, and how to mend the ones that do not.
Needs: nothing. It runs on Python 3.6 and later and without the course being installed, because the
  check that tells you what is missing must not need what is missing.
Writes to outputs/00_env_setup/: environment.json
Look for: lines that begin with FAIL. Each is followed by the command that mends it. A WARN is
  something that only a few lessons use.
"""

# Only the standard library is imported here, and nothing newer than Python 3.6 is used: on an old
# Python a modern line would end this script with a SyntaxError before it could say "your Python is
# too old". (A syntax error anywhere in a file stops the whole file: it is read before it is run.)
import argparse
import importlib
import importlib.util
import json
import platform
import re
import shutil
import struct
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
DISTRIBUTION = "voice-cloning-pipeline"
OLDEST, TOO_NEW = (3, 11), (3, 14)
GIB = 2.0**30
INSTALL = 'make install-requirements    (or: pip install --editable ".[course]" in the repository)'


def result(name, status, detail, fix=""):
    """One line of the report: status is OK, WARN or FAIL; fix is what to do about it."""
    return {"name": name, "status": status, "detail": detail, "fix": fix}


# --- Python itself ------------------------------------------------------------------------------


def check_python():
    """The version: compared as numbers, because as text "3.9" comes after "3.11"."""
    version = platform.python_version()
    if OLDEST <= sys.version_info[:2] < TOO_NEW:
        return result("Python", "OK", version + " at " + sys.executable)
    fix = f"install Python 3.11, 3.12 or 3.13 (python.org, pyenv, uv), then: {INSTALL}"
    return result("Python", "FAIL", version + "; 3.11 to 3.13 is needed", fix)


def check_bits():
    """Wheels of torch exist for 64-bit Pythons only; a 32-bit one can also not use 4 GiB."""
    bits = 8 * struct.calcsize("P")  # the size of a pointer
    if bits == 64:
        return result("64-bit Python", "OK", platform.machine())
    return result("64-bit Python", "FAIL", f"{bits} bits", "install a 64-bit Python")


def check_virtual_environment():
    """In a virtual environment `sys.prefix` is the environment, `sys.base_prefix` the Python."""
    if sys.prefix != sys.base_prefix:
        return result("virtual environment", "OK", sys.prefix)
    fix = "make create-env, then: source .venv/bin/activate    (Windows: .venv\\Scripts\\activate)"
    return result("virtual environment", "WARN", "none: packages of all projects are mixed", fix)


def check_encoding():
    """A terminal that can not print a curly quote would stop a lesson about curly quotes."""
    encoding = getattr(sys.stdout, "encoding", None) or "unknown"
    if re.sub("[-_]", "", encoding).lower() == "utf8":
        return result("terminal encoding", "OK", encoding)
    return result(
        "terminal encoding", "WARN", encoding, "set the environment variable PYTHONUTF8=1"
    )


# --- packages -----------------------------------------------------------------------------------


def check_packages():
    """What the installed course asks for, against what is installed: nothing is listed here."""
    try:
        metadata = importlib.import_module("importlib.metadata")  # since Python 3.8
        wanted = metadata.requires(DISTRIBUTION) or []
    except ImportError:  # PackageNotFoundError is one, too
        return [result("the course", "FAIL", "it is not installed in this Python", INSTALL)]
    missing = {}
    for requirement in wanted:
        name = re.match(r"[\w.-]+", requirement).group()
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)", requirement)
        group = extra.group(1) if extra else ""
        missing.setdefault(group, [])
        try:
            metadata.version(name)
        except ImportError:
            missing[group].append(name)
    return [_group_result(group, names) for group, names in sorted(missing.items())]


def _group_result(group, names):
    """Required packages (group "") must be there; an extra is only for those who want it."""
    title = f"extra [{group}]" if group else "required packages"
    if not names:
        return result(title, "OK", "all installed")
    fix = f'pip install "{DISTRIBUTION}[{group}]"' if group else INSTALL
    return result(title, "WARN" if group else "FAIL", "missing: " + ", ".join(names), fix)


def check_import(name, needed):
    """Installed is not the same as working: a package with compiled parts can fail to load."""
    try:
        module = importlib.import_module(name)
    except (ImportError, OSError, RuntimeError) as error:
        reason = str(error).strip().split("\n")[0][:90]
        return result("import " + name, "FAIL" if needed else "WARN", reason, INSTALL)
    return result("import " + name, "OK", str(getattr(module, "__version__", "")))


def check_torch_relatives():
    """torchaudio and torchvision are not needed; built for another torch they break others."""
    found = []
    for name in ("torchaudio", "torchvision"):
        if importlib.util.find_spec(name) is None:
            continue
        try:
            importlib.import_module(name)
        except (ImportError, OSError, RuntimeError) as error:
            detail = "does not fit this torch ({})".format(str(error).split("\n")[0][:60])
            found.append(result(name, "FAIL", detail, "pip uninstall " + name))
    return found


# --- the machine --------------------------------------------------------------------------------


def check_device():
    """The accelerator that torch can use. A processor alone is enough for every lesson."""
    torch = importlib.import_module("torch")
    if torch.cuda.is_available():
        return result("accelerator", "OK", "CUDA: " + torch.cuda.get_device_name(0))
    if torch.backends.mps.is_available():
        return result("accelerator", "OK", "MPS (Apple)")
    if shutil.which("nvidia-smi"):
        fix = "install the CUDA build of torch: see pytorch.org/get-started"
        detail = "an NVIDIA driver is here, but this torch can not use it"
        return result("accelerator", "WARN", detail, fix)
    return result("accelerator", "OK", "none; the processor does it all")


def check_ffmpeg():
    """FFmpeg reads what libsndfile does not: m4a, aac, video. On the PATH or inside a wheel."""
    program = shutil.which("ffmpeg")
    if program is None:
        try:
            program = importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe()
        except (ImportError, RuntimeError):
            fix = "pip install imageio-ffmpeg    (or your system's ffmpeg package)"
            return result("FFmpeg", "WARN", "not found: m4a files can not be read", fix)
    return result("FFmpeg", "OK", str(program))


def check_microphone():
    """Recording needs the package sounddevice, the library PortAudio and a device."""
    fix = f'pip install "{DISTRIBUTION}[record]"; on Linux also the package libportaudio2'
    try:
        sounddevice = importlib.import_module("sounddevice")
        devices = list(sounddevice.query_devices())
    except (ImportError, OSError) as error:
        return result("microphone", "WARN", str(error).split("\n")[0][:90], fix)
    names = [device["name"] for device in devices if device["max_input_channels"] > 0]
    if names:
        return result("microphone", "OK", names[0])
    detail = "no input device; lessons that record also take files"
    return result("microphone", "WARN", detail, "plug one in and allow the terminal to use it")


def check_machine():
    """What env_utils knows about the machine: this line explains every measured time."""
    describe_machine = importlib.import_module("env_utils").describe_machine
    return result("machine", "OK", describe_machine().summary())


def check_disk(folder):
    """Outputs are megabytes; a corpus to train on is gigabytes."""
    free = shutil.disk_usage(str(folder)).free / GIB
    status = "OK" if free >= 5 else ("WARN" if free >= 1 else "FAIL")
    fix = "" if status == "OK" else "free some space: 1 GiB for the lessons, 5 GiB for a corpus"
    return result("disk", status, f"{free:.0f} GiB free", fix)


def check_writable(folder):
    """Results go to a folder; it may be read-only or on a full disk."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=str(folder)) as stream:
            stream.write(b"x")
    except OSError as error:
        fix = "give another folder: --output-dir DIR"
        return result("output folder", "FAIL", f"{folder}: {error.strerror}", fix)
    return result("output folder", "OK", str(folder))


def run_checks(folder):
    """Every check; one that only makes sense after another waits for it."""
    results = [check_python(), check_bits(), check_virtual_environment(), check_encoding()]
    results += [check_writable(folder), check_disk(folder if folder.is_dir() else HERE)]
    if results[0]["status"] == "FAIL":
        return results  # the packages can not be there: they need a newer Python
    results += check_packages()
    imports = [check_import(name, True) for name in ("numpy", "torch", "soundfile", "env_utils")]
    works = {item["name"] for item in imports if item["status"] == "OK"}
    results += imports
    if "import env_utils" in works:
        results.append(check_machine())
    if "import torch" in works:
        results += [check_device(), *check_torch_relatives()]
    return [*results, check_ffmpeg(), check_microphone()]


def main(argv=None):
    """Check, print, write, and return what was found."""
    args = parse(argv)
    results = run_checks(args.output_dir)
    for item in results:
        print("{status:4}  {name:22} {detail}".format(**item))
        if item["fix"]:
            print("      fix: " + item["fix"])
    count = {s: sum(item["status"] == s for item in results) for s in ("OK", "WARN", "FAIL")}
    report = dict(python=platform.python_version(), ok=count["OK"], warn=count["WARN"])
    report.update(failed=count["FAIL"], checks=results)
    if not any(item["name"] == "output folder" and item["fix"] for item in results):
        target = args.output_dir / "environment.json"
        unfinished = target.with_suffix(".part")  # renamed when complete: never half a report
        unfinished.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        unfinished.replace(target)
        print(f"\nThe report is in {target}.")
    print("{OK} in order, {WARN} to know about, {FAIL} to mend.".format(**count))
    return report


def parse(argv):
    """The options of every lesson, from env_utils; by hand where that can not be imported."""
    if sys.version_info[:2] >= OLDEST:
        try:
            lesson_parser = importlib.import_module("env_utils").lesson_parser
            return lesson_parser("00_env_setup", __doc__).parse_args(argv)
        except ImportError:
            pass
    parser = argparse.ArgumentParser(description="Check the environment.")
    default = HERE.parent / "outputs" / "00_env_setup"
    parser.add_argument("--output-dir", type=lambda name: Path(name).expanduser(), default=default)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--smoke", action="store_true")
    return parser.parse_args(argv)


# Try this next
#  1. Run it with another Python: `python3 00_env_setup/01_check_environment.py`, outside the
#     environment. Which lines change, and why does it still run?
#  2. Put a check of your own into run_checks: is the battery charged? Is `git` installed?
#  3. `pip uninstall imageio-ffmpeg`, run it again, and mend what it reports.

if __name__ == "__main__":
    sys.exit(1 if main()["failed"] else 0)
