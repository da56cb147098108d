"""A camera at the desk: its frames, one photo of them, and the codes on them. No page of ours knows which one it is.

`camera.Camera` is the interface; `system` is any camera of the operating system, `from_files` the simulator, which
shows the pictures of a folder and ships with the product. Which one stands here says the setting ``camera``.
"""
