"""A lab with TLS: set up by the page's commands, looked at from outside, attacked, and searched for what it should not hold."""
import json
import os
import pathlib
import re
import signal
import threading
import unittest

from flood import flood, percentile, submit_seconds
from harness import Scenario, document, num_descriptors, wait_for
from lab_with_tls import MACHINES, Lab, may_make_namespaces

LAB = MACHINES["lab"]


def token_texts(folder):
    return [path.read_text().strip() for path in pathlib.Path(folder).glob("*.token")]


@unittest.skipUnless(may_make_namespaces(), "network namespaces cannot be made here (ip and CAP_SYS_ADMIN are needed)")
class SecurityTest(Scenario):
    def make_lab(self, **how):
        return Lab(self, {"demo.json": json.dumps(document("demo", steps=20))}, **how)

    def s_client(self, lab, *arguments, port=4404):
        command = f"openssl s_client -connect {LAB}:{port} -CAfile tls/authority.pem {' '.join(arguments)} </dev/null"
        return lab.gpu1.run(command.replace("tls/", f"{lab.lab.folder}/tls/"), status=None)

    def log_of(self, machine):
        return machine.logs()

    def test_the_documented_commands_give_a_lab_that_runs_and_audits_and_asks_everybody(self):
        lab = self.make_lab()
        workers, audit = lab.outputs[6], lab.outputs[9]
        self.assertIn("connected", workers)
        self.assertRegex(audit, r"ann +.*ExperimentService/CreateExperiment")
        self.assertRegex(audit, r"gpu1 +.*WorkerService/Register")
        experiment = json.loads(lab.lab.run("fp4ctl ls -o json").stdout)[0]
        self.assertEqual(experiment["created_by"], "ann")
        stranger = lab.gpu1.run(f"fp4ctl --controller {LAB}:4404 ls", status=None, FP4_TLS_AUTHORITY=f"{lab.gpu1.folder}/authority.pem")
        self.assertNotEqual(stranger.returncode, 0)
        self.assertIn("asks who calls", stranger.stderr)
        plain = lab.gpu1.run(f"fp4ctl --controller {LAB}:4404 ls", status=None, FP4_TOKEN_FILE=f"{lab.lab.folder}/ann.token")
        self.assertIn("without TLS", plain.stderr)
        denied = lab.lab.run("FP4_TOKEN_FILE=ann.token fp4ctl token ls", status=None)
        self.assertIn("takes the role admin", denied.stderr)

    def test_an_outside_look_finds_new_versions_and_strong_ciphers_only(self):
        lab = self.make_lab()
        for port, protocol in ((4404, "-alpn h2"), (4405, "")):
            good = self.s_client(lab, "-tls1_3", protocol, port=port)
            self.assertIn("Verify return code: 0 (ok)", good.stdout)
            self.assertRegex(self.s_client(lab, "-tls1_2", protocol, port=port).stdout, r"Cipher is ECDHE-\w+-(AES\d+-GCM|CHACHA20)")
            for weak in ("-tls1", "-tls1_1", "-tls1_2 -cipher AES128-SHA:AES256-SHA:AES128-GCM-SHA256", "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA"):
                answer = self.s_client(lab, weak, protocol, "-cipher", "ALL:@SECLEVEL=0" if "cipher" not in weak else "", port=port) \
                    if "cipher" not in weak else self.s_client(lab, weak, protocol, port=port)
                self.assertIn("Cipher is (NONE)", answer.stdout, f"port {port}: {weak}")

    def test_workers_with_wrong_certificates_are_refused_and_the_log_says_why(self):
        lab = self.make_lab()
        lab.lab.run("fp4ctl admin certificates --dir other --host x --worker gpu1")
        self.sign(lab, "expired", days=-1, names="URI:fp4lab://worker/gpu1")
        self.sign(lab, "nameless", days=30, names="DNS:gpu1")
        cases = {"other/worker-gpu1": "unable to get local issuer|self.signed|signature", "tls/controller": "purpose",
                 "expired": "certificate has expired", "nameless": "no name of the form fp4lab://worker/NAME"}
        for pair, why in cases.items():
            # As a worker that has it would: a call over the connection, or its refusal.
            refused = lab.lab.run(f"curl -sS --http2-prior-knowledge --cacert tls/authority.pem --cert {pair}.pem --key {pair}.key https://{LAB}:4404/",
                                  status=None)
            self.assertNotEqual(refused.returncode, 0, f"{pair}: {refused.stdout}")
            wait_for(f"the log to say why {pair} is refused", lambda: re.search(
                rf"certificate is refused.*({why})", self.log_of(lab.lab)), deadline=30)

    def test_a_worker_whose_certificate_has_expired_is_kept_out_until_it_has_a_new_one(self):
        lab = self.make_lab()
        self.sign(lab, "late", days=-1, names="URI:fp4lab://worker/late")
        lab.lab.start(f"env -u FP4_TOKEN_FILE fp4-worker --controller {LAB}:4404 --work-dir late --http 127.0.0.1:0 --tls-authority tls/authority.pem "
                      "--tls-certificate late.pem --tls-key late.key")
        wait_for("the controller's log to name the certificate", lambda: re.search(
            r"certificate is refused.*CN ?= ?late.*certificate has expired", self.log_of(lab.lab)))
        names = lambda: [worker["name"] for worker in json.loads(lab.lab.run("fp4ctl workers ls -o json").stdout)]
        self.assertEqual(len(names()), 1)
        # Read again by the worker, without a restart.
        self.sign(lab, "late", days=30, names="URI:fp4lab://worker/late")
        wait_for("the worker to be let in", lambda: len(names()) == 2)

    def sign(self, lab, name, days, names):
        """NAME.pem and NAME.key, by the lab's own authority."""
        (lab.lab.folder / "extensions").write_text(f"subjectAltName={names}\nextendedKeyUsage=clientAuth\n")
        lab.lab.run(f"openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}.key -subj /CN={name} -out {name}.csr && "
                    f"openssl x509 -req -in {name}.csr -CA tls/authority.pem -CAkey tls/authority.key -days {days} -extfile extensions -out {name}.new && "
                    f"chmod 600 {name}.key && mv {name}.new {name}.pem")

    def test_certificates_change_under_load_and_no_call_is_lost(self):
        lab = self.make_lab()
        serial = lambda: re.search(r"serial=(\w+)", lab.gpu1.run(
            f"openssl s_client -connect {LAB}:4404 -alpn h2 </dev/null 2>/dev/null | openssl x509 -noout -serial").stdout).group(1)
        before, failures, calls, stop = serial(), [], [0], threading.Event()

        def call():
            while not stop.is_set():
                done = lab.lab.run("fp4ctl ls -o json", status=None)
                calls[0] += 1
                if done.returncode != 0:
                    failures.append(done.stderr)

        caller = threading.Thread(target=call)
        caller.start()
        self.addCleanup(caller.join)
        self.addCleanup(stop.set)
        lab.lab.run(f"fp4ctl admin certificates --dir tls --host {LAB}")
        wait_for("the new certificate", lambda: serial() != before, deadline=60)
        made = calls[0]
        wait_for("calls after it", lambda: calls[0] > made + 2)
        stop.set()
        caller.join()
        self.assertEqual(failures, [])

    def test_a_flood_without_identity_leaves_a_submit_fast(self):
        lab = self.make_lab()
        quiet = percentile(submit_seconds(lab), 99)
        with flood(lab, 600):
            loud = percentile(submit_seconds(lab), 99)
        print(f"p99 of a submit: {quiet * 1e3:.1f} ms, in the flood {loud * 1e3:.1f} ms")
        # A machine that is busy with others is slow without a flood, too.
        self.assertLess(loud, max(0.1, 3 * quiet))

    def test_one_address_takes_no_more_than_its_share_of_connections(self):
        lab = self.make_lab()
        with flood(lab, 2400) as num_open:   # a third of them to the HTTP port
            self.assertGreater(num_open, 1000)
            wait_for("the log to say that some are turned away", lambda: re.search(
                rf'connections of one network are turned away.*"{MACHINES["gpu1"]}"', self.log_of(lab.lab)))
            self.assertLess(num_descriptors(lab.lab.daemons[0].pid), 1000 + 256 + 200)
            # From elsewhere both ports answer.
            lab.lab.run("fp4ctl ls")
            lab.lab.run(f"curl -sSf --max-time 10 --cacert tls/authority.pem https://{LAB}:4405/healthz")

    def test_no_text_of_a_token_is_anywhere_but_in_its_file(self):
        lab = self.make_lab()
        texts = token_texts(lab.lab.folder)
        self.assertEqual(len(texts), 2)
        lab.lab.run("fp4ctl token create eve --role viewer --file eve.token")
        texts = token_texts(lab.lab.folder)
        headers = f"-H 'X-Fp4: 1' -H @<(sed 's/^/Authorization: Bearer /' eve.token)"
        lab.lab.run(f"curl -sS --cacert tls/authority.pem -X POST {headers} -c cookies https://{LAB}:4405/api/v1/login")
        metrics = lab.lab.run(f"curl -sS --cacert tls/authority.pem -b cookies https://{LAB}:4405/metrics").stdout
        self.assertIn("fp4_controller_rpc_calls_total", metrics)
        # What a document holds that looks like one is refused, and its text is not repeated.
        (lab.lab.folder / "leak.json").write_text(json.dumps({**document("leak"), "description": texts[0]}))
        leak = lab.lab.run("fp4ctl submit leak.json", status=None)
        self.assertIn("a token of fp4lab", leak.stderr)
        (lab.lab.folder / "leak.json").unlink()
        (lab.lab.folder / "wrong.token").write_text(texts[0][:-1] + ("0" if texts[0][-1] != "0" else "1"))
        (lab.lab.folder / "wrong.token").chmod(0o600)
        lab.lab.run("FP4_TOKEN_FILE=wrong.token fp4ctl ls", status=None)
        lab.lab.run(f"fp4ctl admin backup {lab.folder}/backup", status=None)
        commands = b"".join(path.read_bytes() for path in pathlib.Path("/proc").glob("[0-9]*/cmdline") if path.exists())
        for machine in lab.machines.values():
            machine.stop()
        places = {"metrics": metrics.encode(), "command lines": commands, "what was printed": leak.stderr.encode()}
        places |= {str(path): path.read_bytes() for path in lab.folder.rglob("*") if path.is_file() and path.suffix != ".token"}
        self.assertTrue(any(name.endswith("fp4.db") for name in places))
        for text in texts:
            secret = text.rsplit("_", 1)[1].encode()
            self.assertEqual([name for name, content in places.items() if secret in content], [])
        self.assertEqual(list(lab.folder.rglob("core*")), [])

    def test_cores_hold_no_token(self):
        """Daemons leave none; a trainer may, and what it leaves knows nothing."""
        lab = self.make_lab(before_daemons="ulimit -c unlimited; ")
        texts = token_texts(lab.lab.folder)
        # That cores are written here at all, in the folder that a process is in.
        witness = lab.lab.start_quietly("sleep 1000")
        wait_for("the witness", lambda: pathlib.Path(f"/proc/{witness.pid}/comm").read_text() == "sleep\n")
        self.quit(witness)
        cores = lambda: [path for path in lab.folder.rglob("core*") if path.is_file()]
        if len(cores()) != 1:
            self.skipTest(f"this machine writes cores elsewhere: {pathlib.Path('/proc/sys/kernel/core_pattern').read_text()}")
        cores()[0].unlink()
        (lab.lab.folder / "long.json").write_text(json.dumps(document("long", steps=100000)))
        lab.lab.run("FP4_TOKEN_FILE=ann.token fp4ctl submit long.json")
        trainer = wait_for("a trainer", lambda: [json.loads(path.read_text())["pid"] for path in lab.gpu1.folder.rglob("trainer.json")
                                                 if not (path.parent / "exit.json").exists()])[0]
        os.kill(trainer, signal.SIGQUIT)
        core = wait_for("its core", cores)[0]
        wait_for("the end of the attempt", lambda: (core.parent / "exit.json").exists())
        content = core.read_bytes()
        self.assertIn(b"fp4-train", content)
        for text in texts:
            self.assertNotIn(text.rsplit("_", 1)[1].encode(), content)
        core.unlink()
        for machine in lab.machines.values():
            for daemon in machine.daemons:
                self.quit(daemon)
        self.assertEqual(cores(), [])

    def quit(self, process):
        process.send_signal(signal.SIGQUIT)
        self.assertEqual(process.wait(timeout=60), -signal.SIGQUIT)

    def test_what_daemons_write_is_closed_to_others(self):
        lab = self.make_lab()
        for folder in (lab.lab.folder / "controller", lab.gpu1.folder / "worker"):
            modes = {str(path): oct(path.stat().st_mode & 0o777) for path in folder.rglob("*") if path.stat().st_mode & 0o027}
            self.assertEqual(modes, {})


if __name__ == "__main__":
    unittest.main()
