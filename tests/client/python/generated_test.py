"""The generated code is that of proto/, and the records have what the messages have."""
import dataclasses
import pathlib
import subprocess
import tempfile
import unittest

import fp4lab
from fp4lab import comparison, events, records
from fp4lab._wire import experiments_pb2, types_pb2

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
WIRE = REPOSITORY / "client" / "python" / "src" / "fp4lab" / "_wire"

# A record, its message, and the message's fields that it leaves out.
RECORDS = [
    (records.Run, types_pb2.Run, set()),
    (records.Experiment, types_pb2.Experiment, {"next_page_token"}),
    (records.Checkpoint, types_pb2.Checkpoint, set()),
    (records.Finding, types_pb2.Health, set()),
    (records.Slot, types_pb2.Slot, set()),
    (records.Search, types_pb2.Search, set()),
    (records.Trial, types_pb2.Trial, set()),
    (records.Rung, types_pb2.Rung, set()),
    (records.HostFacts, types_pb2.HostFacts, set()),
    (records.Worker, types_pb2.Worker, set()),
    (records.QueuedRun, experiments_pb2.QueuedRun, set()),
    (comparison.Comparison, experiments_pb2.CompareResponse, set()),
    (comparison.VariantComparison, experiments_pb2.VariantComparison, set()),
    (comparison.Verdict, experiments_pb2.Verdict, set()),
    (comparison.Difference, experiments_pb2.Difference, set()),
    (comparison.Interval, experiments_pb2.Interval, set()),
    (comparison.ParetoFront, experiments_pb2.ParetoFront, set()),
]


class Generated(unittest.TestCase):
    def test_the_code_that_is_checked_in_is_current(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([REPOSITORY / "script" / "generate_python", folder], check=True, capture_output=True)
            made = {path.name: path.read_text() for path in pathlib.Path(folder).glob("*.py*")}
        kept = {path.name: path.read_text() for path in WIRE.glob("*.py*")}
        self.assertEqual(sorted(kept), sorted(made))
        changed = [name for name in made if made[name] != kept[name]]
        self.assertEqual(changed, [], "proto/ has changed: run script/generate_python, and give client/python the new fields")


class Records(unittest.TestCase):
    def test_every_field_of_a_message_has_its_place(self):
        for kind, message, left_out in RECORDS:
            with self.subTest(kind.__name__):
                have = {field.name for field in dataclasses.fields(kind)}
                self.assertEqual(have, set(message.DESCRIPTOR.fields_by_name) - left_out)

    def test_every_kind_of_event_has_a_record_with_its_fields(self):
        kinds = types_pb2.Event.DESCRIPTOR.oneofs_by_name["kind"].fields
        self.assertEqual(set(events.KINDS), {field.name for field in kinds})
        for field in kinds:
            with self.subTest(field.name):
                have = {one.name for one in dataclasses.fields(events.KINDS[field.name])}
                self.assertEqual(have, set(field.message_type.fields_by_name))

    def test_what_the_package_offers_is_there(self):
        for name in fp4lab.__all__:
            self.assertTrue(hasattr(fp4lab, name), name)


if __name__ == "__main__":
    unittest.main()
