"""What is drawn of files people look at: DICOM images and waveforms, photos, pages of a PDF. Qt-free."""
