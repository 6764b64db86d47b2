"""Every host that is tried: the lines of the table in docs/hosts.md."""

import shutil
import signal
from pathlib import Path
from typing import Iterator

from .host import Host, Need, Service, answers, compiled, program
from .places import BINDING, BUILT, HERE, LIBRARY, ROOT, VENV
from .requests import over_celery, over_fastcgi, over_http

LINKED = "linked"
DLOPEN = "by name (dlopen)"

ONCE = "in one process"
IN_WORKERS = "loaded and opened in each worker"
AFTER_INIT = "opened, then forked: children record"
BEFORE_INIT = "loaded, then forked: each process opens"
SPAWNED = "loaded and opened in each process (no fork)"


def hosts() -> Iterator[Host]:
    """All of them, in the order of the document."""
    yield from _c()
    yield from _python()
    yield from _servers_of_python()
    yield from _php()
    yield from _ruby()
    yield from _node()
    yield from _go_and_rust()
    yield from _managed()
    yield from _scripts()


def _c() -> Iterator[Host]:
    gcc, gxx = program("gcc"), program("g++")

    def linked(name: str, host: str, opened: str, source: str, *flags: str, **more: object) -> Host:
        built = str(BUILT / name)
        compiler, need = ("g++", gxx) if source.endswith("cpp") else ("gcc", gcc)
        command = compiled(compiler, str(HERE / source), built, *flags)
        needs = (need, *more.pop("needs", ()))  # type: ignore[misc]
        run = [*more.pop("under", ()), built, *more.pop("arguments", ())]  # type: ignore[misc]
        return Host(name, host, LINKED, opened, run, (command,), needs, **more)  # type: ignore[arg-type]

    yield linked("c", "C", ONCE, "c/first.c", "-std=c11")
    built = str(BUILT / "c-dlopen")
    command = compiled("gcc", str(HERE / "c/dlopen.c"), built, "-Wl,--as-needed")
    yield Host("c-dlopen", "C", DLOPEN, ONCE, [built], (command,), (gcc,))
    yield linked("c-fork-after-init", "C, forking", AFTER_INIT, "c/fork_after_init.c")
    yield linked("c-fork-before-init", "C, forking", BEFORE_INIT, "c/fork_before_init.c")
    yield linked(
        "c-daemon",
        "C, a daemon that forks twice (systemd's Type=forking)",
        BEFORE_INIT,
        "c/daemon.c",
        arguments=("{folder}/pid",),
        daemon=True,
    )
    yield linked("cpp", "C++ (`openlts.hpp`)", ONCE, "cpp/first.cpp", "-std=c++17")
    yield linked(
        "c-jemalloc",
        "C, with jemalloc preloaded",
        ONCE,
        "c/first.c",
        needs=(
            Need("jemalloc", "apt-get install libjemalloc2", lambda: any(Path("/usr/lib").glob("*/libjemalloc.so.2"))),
        ),
        environment={"LD_PRELOAD": "libjemalloc.so.2"},
    )
    yield linked(
        "c-gdb",
        "C, under gdb",
        ONCE,
        "c/first.c",
        needs=(program("gdb"),),
        under=("gdb", "--quiet", "--batch", "-nx", "-ex", "run", "-ex", "quit $_exitcode", "--args"),
    )
    for name, flags in (("address,undefined", "AddressSanitizer and UBSan"), ("thread", "ThreadSanitizer")):
        yield linked(
            f"c-sanitize-{name.partition(',')[0]}",
            f"C, built with {flags}",
            ONCE,
            "c/first.c",
            f"-fsanitize={name}",
            "-fno-sanitize-recover=all",
            environment={"TSAN_OPTIONS": f"suppressions={HERE / 'c' / 'thread_sanitizer.txt'}"},
        )


def _python() -> Iterator[Host]:
    venv = Need("out/venv", "build/bootstrap test", lambda: (VENV / "python").exists())
    pypy = program("pypy3")
    environment = {"PYTHONPATH": str(BINDING)}
    binding = "package `openlts`"
    for name, host, python, need in (
        ("python", "Python", str(VENV / "python"), venv),
        ("pypy", "PyPy", "pypy3", pypy),
    ):
        for suffix, opened, loaded, *arguments in (
            ("", ONCE, binding, "first.py"),
            ("-ctypes", ONCE, "ctypes", "first_ctypes.py"),
            ("-fork-after-init", AFTER_INIT, binding, "fork_after_init.py"),
            ("-fork-before-init", BEFORE_INIT, binding, "fork_before_init.py"),
        ):
            title = f"{host}, os.fork" if "fork" in suffix else host
            run = [python, str(HERE / "python" / arguments[0])]
            yield Host(f"{name}{suffix}", title, loaded, opened, run, (), (need,), environment)
    for method, opened in (("fork", AFTER_INIT), ("forkserver", SPAWNED), ("spawn", SPAWNED)):
        run = [str(VENV / "python"), str(HERE / "python" / "multiprocessing_pool.py"), method]
        title = f"Python, multiprocessing.Pool ({method})"
        yield Host(f"python-pool-{method}", title, binding, opened, run, (), (venv,), environment)


def _servers_of_python() -> Iterator[Host]:
    binding = "package `openlts`"
    python = str(VENV / "python")
    gunicorn = answers("gunicorn", "build/bootstrap all", python, "-c", "import gunicorn")
    environment = {"PYTHONPATH": f"{BINDING}:{HERE / 'wsgi'}", "PYTHONDONTWRITEBYTECODE": "1"}
    for name, opened, module, *options in (
        ("gunicorn", IN_WORKERS, "at_import"),
        ("gunicorn-preload", AFTER_INIT, "at_import", "--preload"),
        ("gunicorn-preload-before-init", BEFORE_INIT, "at_first_request", "--preload"),
    ):
        common = ["--workers", "2", "--threads", "2", "--bind", "unix:{socket}", "--log-file", "{folder}/log"]
        run = [python, "-m", "gunicorn", *common, *options, f"{module}:application"]
        title = "gunicorn --preload" if options else "gunicorn"
        yield Host(name, title, binding, opened, run, (), (gunicorn,), environment, Service(over_http))

    uwsgi = answers(
        "uWSGI for Python",
        "apt-get install uwsgi-core uwsgi-plugin-python3",
        "uwsgi",
        "--plugin",
        "python3",
        "--version",
    )
    for name, opened, module, *options in (
        ("uwsgi-lazy-apps", IN_WORKERS, "at_import", "--lazy-apps"),
        ("uwsgi", AFTER_INIT, "at_import"),
        ("uwsgi-before-init", BEFORE_INIT, "at_first_request"),
    ):
        common = ["--plugin", "python3", "--http-socket", "{socket}", "--master", "--workers", "2", "--threads", "2"]
        log = ["--die-on-term", "--need-app", "--logto", "{folder}/log"]
        run = ["uwsgi", *common, *log, *options, "--module", f"{module}:application"]
        title = "uWSGI --lazy-apps" if options else "uWSGI"
        yield Host(
            name,
            title,
            binding,
            opened,
            run,
            (),
            (uwsgi,),
            environment,
            Service(over_http),
            noise=r"^\[uWSGI\]|^\*\*\*|^uWSGI",
        )

    celery = answers("Celery", "build/bootstrap all", python, "-c", "import celery")
    for name, opened, open_in in (
        ("celery", BEFORE_INIT, "worker"),
        ("celery-parent", AFTER_INIT, "parent"),
    ):
        chosen = {
            "PYTHONPATH": f"{BINDING}:{HERE / 'celery'}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "CELERY_FOLDER": "{folder}",
            "OPEN_IN": open_in,
        }
        # Workers wait for tasks with a lock that they share, unless the broker is a server: one that is killed would
        # hold up the others. So they end after some tasks instead, and close nothing.
        options = [
            "--pool",
            "prefork",
            "--concurrency",
            "2",
            "--max-tasks-per-child",
            "30",
            "--logfile",
            "{folder}/log",
        ]
        run = [python, "-m", "celery", "--quiet", "--app", "tasks", "worker", "--logfile", "{folder}/log", *options]
        service = Service(over_celery, listens=False, survives=False)
        yield Host(
            name,
            "Celery, prefork",
            binding,
            opened,
            run,
            (),
            (celery,),
            chosen,
            service,
            noise="superuser|uid|root|^absolutely",
        )


def _php() -> Iterator[Host]:
    cli = program("php", "php8.2-cli")
    php = str(HERE / "php")
    yield Host("php", "PHP, command line", "FFI", ONCE, ["php", f"{php}/first.php"], (), (cli,))
    for name, opened in (("after-init", AFTER_INIT), ("before-init", BEFORE_INIT)):
        run = ["php", f"{php}/fork.php", name]
        yield Host(f"php-fork-{name}", "PHP, pcntl_fork", "FFI", opened, run, (), (cli,))

    found = sorted(str(path) for path in Path("/usr/sbin").glob("php-fpm*"))
    fpm = found[-1] if found else "php-fpm"
    need = Need("PHP-FPM", "apt-get install php8.2-fpm", lambda: bool(found))
    common = [fpm, "--nodaemonize", "--allow-to-run-as-root", "--fpm-config", f"{php}/fpm.conf", "-d", "ffi.enable=1"]
    service = Service(over_fastcgi(f"{php}/request.php"))
    environment = {"FOLDER": "{folder}"}
    yield Host("php-fpm", "PHP-FPM", "FFI", IN_WORKERS, common, (), (need,), environment, service)
    preload = ["-d", f"ffi.preload={php}/openlts.h"]
    yield Host(
        "php-fpm-preload",
        "PHP-FPM, ffi.preload",
        "FFI",
        BEFORE_INIT,
        [*common, *preload],
        (),
        (need,),
        environment,
        service,
    )


def _ruby() -> Iterator[Host]:
    ruby = program("ruby")
    folder = HERE / "ruby"
    yield Host("ruby", "Ruby", "Fiddle", ONCE, ["ruby", str(folder / "first.rb")], (), (ruby,))
    for name, opened in (("after-init", AFTER_INIT), ("before-init", BEFORE_INIT)):
        yield Host(
            f"ruby-fork-{name}", "Ruby, fork", "Fiddle", opened, ["ruby", str(folder / "fork.rb"), name], (), (ruby,)
        )
    for name, opened, at, *options in (
        ("puma", IN_WORKERS, "load"),
        ("puma-preload", AFTER_INIT, "load", "--preload"),
        ("puma-preload-before-init", BEFORE_INIT, "request", "--preload"),
    ):
        common = ["--workers", "2", "--threads", "2:2", "--bind", "unix://{socket}", "--environment", "production"]
        run = ["puma", *common, *options, str(folder / "config.ru")]
        title = "Puma, cluster, --preload" if options else "Puma, cluster"
        service = Service(over_http, stop=signal.SIGINT)
        yield Host(name, title, "Fiddle", opened, run, (), (program("puma"),), {"OPEN_AT": at}, service)


def _node() -> Iterator[Host]:
    modules = BUILT / "node" / "node_modules"
    needs = (
        program("node", "nodejs"),
        Need("koffi", "build/bootstrap all", lambda: (modules / "koffi").is_dir()),
    )
    environment = {"NODE_PATH": str(modules)}
    run = ["node", str(HERE / "node" / "first.js")]
    yield Host("node", "Node.js, worker threads", "koffi", ONCE, run, (), needs, environment)
    run = ["node", str(HERE / "node" / "cluster.js"), "{socket}"]
    yield Host("node-cluster", "Node.js, cluster", "koffi", SPAWNED, run, (), needs, environment, Service(over_http))


def _go_and_rust() -> Iterator[Host]:
    go = program("go", "golang")
    for name, loaded in (("dlopen", DLOPEN), ("client", "not at all: `core/client` is part of the program")):
        built = str(BUILT / f"go-{name}")
        build = (("go", "build", "-o", built, f"./conformance/hosts/go/{name}"),)
        yield Host(f"go-{name}", "Go", loaded, ONCE, [built], build, (go,))
    built = str(BUILT / "rust")
    build = (("rustc", "--edition", "2021", "-O", "-L", str(LIBRARY), "-o", built, str(HERE / "rust" / "first.rs")),)
    yield Host("rust", "Rust", LINKED, ONCE, [built], build, (program("rustc"),))


def _managed() -> Iterator[Host]:
    java = (program("java", "default-jre-headless"), program("javac", "default-jdk-headless"))
    jni, classes = BUILT / "java", BUILT / "java" / "classes"
    home = Path(shutil.which("javac") or "/usr/bin/javac").resolve().parent.parent
    includes = [f"-I{home}/include", f"-I{home}/include/linux"]
    source, library = str(ROOT / "bindings/java/src/main/c/openlts_jni.c"), str(jni / "libopenlts_jni.so")
    shim = compiled("gcc", source, library, *includes, "-shared", "-fPIC")
    sources = sorted(str(each) for each in (ROOT / "bindings/java/src/main/java/org/openlts").glob("*.java"))
    build = (
        ("mkdir", "-p", str(classes)),
        ("cp", str(LIBRARY / "libopenlts.so.0"), str(jni)),
        shim,
        ("javac", "-d", str(classes), *sources, str(HERE / "java" / "First.java")),
    )
    run = ["java", "-cp", str(classes), f"-Dorg.openlts.library.path={jni}", "First"]
    yield Host("jvm", "JVM", "JNI (package `org.openlts`)", ONCE, run, build, java)

    jar = "/usr/share/java/jna.jar"
    jna = Need("JNA", "apt-get install libjna-java", Path(jar).exists)
    build = (("javac", "-cp", jar, "-d", str(BUILT / "jna"), str(HERE / "java" / "FirstJNA.java")),)
    run = ["java", "-cp", f"{jar}:{BUILT / 'jna'}", "FirstJNA"]
    yield Host("jvm-jna", "JVM", "JNA", ONCE, run, build, (*java, jna))

    mono = (program("mono", "mono-runtime"), program("mcs", "mono-mcs"))
    assembly = str(BUILT / "First.exe")
    build = (
        (str(ROOT / "bindings/csharp/build"),),
        ("mcs", f"-r:{ROOT / 'out/csharp/OpenLTS.dll'}", f"-out:{assembly}", str(HERE / "csharp" / "First.cs")),
    )
    environment = {"MONO_PATH": str(ROOT / "out/csharp")}
    yield Host("mono", "Mono", "P/Invoke (assembly `OpenLTS`)", ONCE, ["mono", assembly], build, mono, environment)


def _scripts() -> Iterator[Host]:
    luajit = program("luajit")
    environment = {"LUA_PATH": f"{HERE / 'lua'}/?.lua;;"}
    yield Host("luajit", "LuaJIT", "ffi", ONCE, ["luajit", str(HERE / "lua" / "first.lua")], (), (luajit,), environment)
    for name, opened in (("after-init", AFTER_INIT), ("before-init", BEFORE_INIT)):
        run = ["luajit", str(HERE / "lua" / "fork.lua"), name]
        yield Host(f"luajit-fork-{name}", "LuaJIT, fork", "ffi", opened, run, (), (luajit,), environment)

    platypus = answers("FFI::Platypus", "apt-get install libffi-platypus-perl", "perl", "-MFFI::Platypus", "-e", "1")
    environment = {"PERL5LIB": str(HERE / "perl")}
    run = ["perl", str(HERE / "perl" / "first.pl")]
    yield Host("perl", "Perl", "FFI::Platypus", ONCE, run, (), (platypus,), environment)
    for name, opened in (("after-init", AFTER_INIT), ("before-init", BEFORE_INIT)):
        run = ["perl", str(HERE / "perl" / "fork.pl"), name]
        yield Host(f"perl-fork-{name}", "Perl, fork", "FFI::Platypus", opened, run, (), (platypus,), environment)

    glue = str(BUILT / "r-glue.so")
    build = (compiled("gcc", str(HERE / "r" / "glue.c"), glue, "-shared", "-fPIC"),)
    needs = (program("Rscript", "r-base-core"), program("gcc"))
    run = ["Rscript", str(HERE / "r" / "first.R"), glue]
    yield Host("r", "R", "dyn.load, with a little C", ONCE, run, build, needs)
