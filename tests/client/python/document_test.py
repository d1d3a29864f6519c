"""Documents before they are sent."""
import json
import os
import pathlib
import tempfile
import unittest

from fp4lab import document

TEXT = """{
  // "paths": ["in a comment"]
  "name": "paths \\"[1]\\"", /* { */
  "data": {"source": "text", "paths": ["corpus/*.txt", "/abs/b.txt"], "tokenizer": "bytes"},
  "model": {"initialize_from": "w.safetensors"},
  "variants": {"a": {}, "b": {"data": {"tokenizer": "../own.model"}}},
  "labels": ["paths", "corpus"]
}"""


class AbsolutePaths(unittest.TestCase):
    def test_relative_paths_of_path_fields_change_and_nothing_else(self):
        found = document.absolute_paths(TEXT, "/home/ann/lab")
        want = (TEXT.replace('"corpus/*.txt"', '"/home/ann/lab/corpus/*.txt"').replace('"w.safetensors"', '"/home/ann/lab/w.safetensors"')
                .replace('"../own.model"', '"/home/ann/own.model"'))
        self.assertEqual(found, want)

    def test_a_text_that_is_no_json_is_left_to_the_controller(self):
        for text in ("", "{", '{"data": {"paths": ["a', "]]}}", '{"data": {"paths": ["\\x"]}}', "null"):
            self.assertEqual(document.absolute_paths(text, "/h"), text)

    def test_a_file_names_paths_from_its_own_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a.fp4.json"
            path.write_text('{"data": {"paths": ["x.txt"]}}')
            self.assertEqual(json.loads(document.read(path).text)["data"]["paths"], [os.path.join(folder, "x.txt")])
            self.assertEqual(document.read(path).name, str(path))

    def test_a_mapping_names_paths_from_the_current_folder(self):
        sent = json.loads(document.read({"data": {"paths": ["x.txt"]}}).text)
        self.assertEqual(sent["data"]["paths"], [os.path.join(os.getcwd(), "x.txt")])

    def test_overrides_are_json_with_absolute_paths(self):
        self.assertEqual(document.override("training.steps", 3), "training.steps=3")
        self.assertEqual(document.override("data.paths", ["a", "/b"], "/h"), 'data.paths=["/h/a", "/b"]')
        self.assertEqual(document.override("data.tokenizer", "bytes", "/h"), 'data.tokenizer="bytes"')
        self.assertEqual(document.override("data.tokenizer", "m.model", "/h"), 'data.tokenizer="/h/m.model"')


if __name__ == "__main__":
    unittest.main()
