def sort(request):
    return 'bills'
