"""What the client brings along, and what it keeps back."""
import os
import pathlib
import tempfile
import unittest
from unittest import mock

from fp4lab import errors, security


class SecurityTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.token = pathlib.Path(folder.name, "token")
        self.token.touch(mode=0o600)
        self.token.write_text("word\n")

    def read(self, **variables):
        with mock.patch.dict(os.environ, variables, clear=True):
            return security.from_environment()

    def test_without_variables_nothing_is_brought(self):
        self.assertEqual(self.read(), security.Security())

    def test_a_token_comes_from_a_file_that_only_its_owner_may_read(self):
        self.assertEqual(self.read(FP4_TOKEN_FILE=str(self.token)).token, "word")
        self.token.chmod(0o640)
        with self.assertRaisesRegex(errors.ConnectionFailed, "chmod 600"):
            self.read(FP4_TOKEN_FILE=str(self.token))

    def test_a_token_leaves_this_machine_over_tls_only_and_is_never_shown(self):
        plain, encrypted = security.Security("word"), security.Security("word", None, True)
        security.check(plain, "127.0.0.1:4404")
        security.check(plain, "[::1]:4404")
        security.check(encrypted, "lab:4404")
        with self.assertRaisesRegex(errors.ConnectionFailed, "FP4_TLS_AUTHORITY"):
            security.check(plain, "lab:4404")
        self.assertNotIn("word", repr(plain))

    def test_the_authority_is_a_file_or_the_systems(self):
        self.assertEqual(self.read(FP4_TLS_AUTHORITY="system"), security.Security("", None, True))
        self.assertEqual(self.read(FP4_TLS_AUTHORITY=str(self.token)).authority, b"word\n")
        with self.assertRaisesRegex(errors.ConnectionFailed, "nowhere"):
            self.read(FP4_TLS_AUTHORITY="/nowhere")


if __name__ == "__main__":
    unittest.main()
