"""What a reviewer looks at beside the text: series of images, electrocardiograms, PDFs and photos of the case."""
