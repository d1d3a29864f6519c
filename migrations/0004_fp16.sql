-- training.compute_dtype takes fp16 as well. The choice that a machine makes for an experiment stays
-- fp32 or bf16.
ALTER TABLE variants ADD COLUMN wider_compute_dtype TEXT NOT NULL DEFAULT 'auto'
  CHECK (wider_compute_dtype IN ('auto', 'fp32', 'bf16', 'fp16'));
UPDATE variants SET wider_compute_dtype = compute_dtype;
ALTER TABLE variants DROP COLUMN compute_dtype;
ALTER TABLE variants RENAME COLUMN wider_compute_dtype TO compute_dtype;
