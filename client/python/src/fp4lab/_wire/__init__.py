"""Made by script/generate_python from proto/: not for editing."""
